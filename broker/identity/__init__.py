"""Which subject is this? A verdict with its reason; PostgreSQL is read before and written after."""

from broker.identity.verdict import who_is_it

__all__ = ["who_is_it"]
