"""Public keys as the directory holds them: whose, for what, and when they count."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.ids import KeyId, OrganisationId
from broker.errors import NotGenuine


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When a key counts: from is included, until and revoked are not."""

    since: datetime
    until: datetime | None = None
    revoked: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and all(
            end is None or at < end for end in (self.until, self.revoked)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One organisation's public signing key (Ed25519)."""

    kid: KeyId
    organisation: OrganisationId
    period: Period
    public: bytes = b""
    checks: Callable[[bytes, bytes], bool] = field(repr=False)  # (signature, signed) -> genuine

    def verify(self, signature: bytes, signed: bytes) -> bool:
        return self.checks(signature, signed)

    def check(self, *, issued: datetime, now: datetime) -> None:
        """It must count when the token says it was signed, and when the broker has it."""
        if self.period.revoked is not None and now >= self.period.revoked:
            raise NotGenuine("revoked_key", self.kid)
        if not (self.period.holds_at(issued) and self.period.since <= now):
            raise NotGenuine("key_not_valid_then", self.kid)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """One organisation's public sealing key (X25519, 32 raw bytes)."""

    kid: KeyId
    organisation: OrganisationId
    period: Period
    public: bytes


KeyOf = Callable[[KeyId], SigningKey]
"""The directory's key of that id. Raises NotGenuine("unknown_key")."""
