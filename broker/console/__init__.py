"""The console: one function a page, templates, and nothing of stores or keys."""
