"""How well subjects are recognised, measured on files with the truth in them (IDENTITY.md 12)."""
