"""The HTTP side: health, and the console mounted beside it."""

from broker.api.application import application

__all__ = ["application"]
