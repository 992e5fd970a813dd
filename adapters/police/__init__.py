"""Police: protecting-people notices as CSV by profile, and NIEM XML."""
