"""What came of reading one value: the value, or why there is none. Never an exception."""

from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    MISSING = "missing"  # nothing, a placeholder or a system's default: no claim was made
    REFUSED = "refused"  # a claim that cannot be true
    CHECK_LETTER = "check_letter"  # kept, and never relied on


class Reading(NamedTuple):
    """`value` in the form in which it is compared; a value may be kept in spite of a fault."""

    value: str | None
    fault: Fault | None = None

    def __repr__(self) -> str:
        """Without the value, which could name somebody."""
        return f"Reading(fault={self.fault})"


MISSING = Reading(None, Fault.MISSING)
REFUSED = Reading(None, Fault.REFUSED)
