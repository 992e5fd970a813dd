"""Case files: a concern and what is known about its subject, written down to be decided."""

from broker.casefile.reading import Case, read_case

__all__ = ["Case", "read_case"]
