"""The command `broker`: application.py puts it together, one module a command."""
