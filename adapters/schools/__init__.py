"""Schools: exports of safeguarding products as CSV by profile."""
