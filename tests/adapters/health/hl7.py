"""HL7 v2 messages as tests write them: a line each, ended by CR."""

from collections.abc import Sequence
from typing import Any

from adapters.contract import Event, Item, Quarantined
from broker.domain.words import Agency
from tests.adapters import held

MSH = "MSH|^~\\&|PAS|RZZ|BROKER|RZZ|20261120141800||{kind}|RZZ0001|P|2.4|||AL|NE|GBR|UNICODE UTF-8"
PID = (
    "PID|1||9990000034^^^NHS^NH~700416^^^RZZ^PI||TESTCASE^ROWAN^^^^^L||20180611|1"
    "|||9 Quarry View^^Wexcombe^^ZZ99 3VZ^GBR^H"
)
CONCERN = "836881000000105^Child is cause for safeguarding concern^SCT"


def message(kind: str, *segments: str, pid: str | None = PID) -> bytes:
    lines = [MSH.format(kind=kind), *([pid] if pid else []), *segments]
    return ("\r".join(lines) + "\r").encode()


def read(native: bytes, **profile: Any) -> Sequence[Item]:
    return held.read(Agency.HEALTH, "hl7v2", native, **profile)


def told(items: Sequence[Item]) -> list[str]:
    """Each item in a word: its type, or its reason."""
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def only(items: Sequence[Item]) -> Event:
    (found,) = held.events(items)
    held.signed(found, Agency.HEALTH, "hl7v2")
    return found


def quarantine(items: Sequence[Item]) -> Quarantined:
    (found,) = [each for each in items if isinstance(each, Quarantined)]
    return found


def narrative(event: Event) -> dict[str, Any]:
    found: Any = event.categories["narrative"]
    return dict(found)
