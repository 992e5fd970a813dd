"""What a recipient says it got."""

from dataclasses import dataclass

from broker.domain.ids import OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A recipient's signed statement about one disclosure."""

    disclosure: str
    kind: str  # received or read
    organisation: OrganisationId
    signed: str
    offset: int
