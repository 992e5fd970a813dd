"""What leaves the broker for Kafka."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One sealed or signed object on its way to one topic."""

    topic: str
    key: str
    value: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
