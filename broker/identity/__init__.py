"""Which subject is this? A verdict with its reason; PostgreSQL is read before and written after."""

from broker.identity.growth import after
from broker.identity.joining import who_is_it
from broker.identity.matching import Matching
from broker.identity.meeting import Meeting
from broker.identity.profile_text import profile_from

__all__ = ["Matching", "Meeting", "after", "profile_from", "who_is_it"]
