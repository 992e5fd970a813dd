"""
The answer to an HL7 v2 message (chapter 2, "acknowledgement"): MSA-1 says what became of it.

`AA`: it is durable, also where a person must look at it, for many engines halt their whole queue on
`AE`; the reason is then in MSA-3. `AE`: send it again. `AR`: it is not HL7, or longer than may be.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.health.hl7v2.reader import OURS
from adapters.health.hl7v2.syntax import Segment, escaped, message_from, pieces_of
from broker.errors import Malformed

_ASKS = frozenset({"AL", "SU", "ER"})
_LONGEST = 60
_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Outcome:
    """MSA-1 in original mode, and for a reader why."""

    code: str  # AA, AE, AR
    reason: str = ""


def answer(native: bytes, outcome: Outcome, now: datetime) -> bytes:
    """An ACK for the first message of a frame, its parties turned round; `CA` where it asks."""
    header = _header(native)
    asked = header is not None and _wants_commit(header)
    code = outcome.code.replace("A", "C", 1) if asked else outcome.code
    parties = [_plain(header, number) for number in (5, 6, 3, 4)]
    ours = parties[0] or OURS
    when = now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    control = _plain(header, 10)
    trigger = header.text(9, 2) if header is not None else ""
    kind = f"ACK^{escaped(trigger)}" if trigger else "ACK"
    version = _plain(header, 12) or "2.4"
    own = escaped(f"{when[2:14]}{control}"[:20])
    ending = _plain(header, 11) or "P"
    msh = f"MSH|^~\\&|{ours}|{'|'.join(parties[1:])}|{when}||{kind}|{own}|{ending}|{version}"
    return f"{msh}\rMSA|{code}|{control}|{escaped(outcome.reason)}\r".encode()


def _header(native: bytes) -> Segment | None:
    try:
        pieces = pieces_of(native[:_HEADER_BYTES])
        return message_from(pieces.messages[0].partition(b"\r")[0]).header
    except (Malformed, IndexError):
        return None


def _plain(header: Segment | None, number: int) -> str:
    return escaped(header.text(number)[:_LONGEST]) if header is not None else ""


def _wants_commit(header: Segment) -> bool:
    """
    Enhanced mode: MSH-15 asks for an answer once the message is safe. `AL` with `NE` in MSH-16 is
    what many feeds send that wait for `AA` alone, so it counts as the original mode.
    """
    return header.text(15).upper() in _ASKS and header.text(16).upper() != "NE"


def is_hl7_header(native: bytes) -> bool:
    """Whether a frame begins with a header that an answer can be made to."""
    return _header(native) is not None
