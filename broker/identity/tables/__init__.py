"""Two tables of names, data only: README.md beside them says where they come from and how."""
