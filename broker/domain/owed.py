"""What the ledger owes a recipient."""

from dataclasses import dataclass

from broker.domain.ids import OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A leaf in the log whose recipient has not been given its proof."""

    number: int
    entry: bytes
    disclosure: str
    organisation: OrganisationId
