"""
One patient's part of a message: an HL7 v2 message may hold several, each begun by its PID.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from adapters import names
from adapters.dates import moment
from adapters.health.hl7v2.coded import TEXTS
from adapters.health.hl7v2.syntax import Message, Segment

_DAY, _MINUTE, _MOST = 8, 12, 14
_SHORT_TEXT = 4


@dataclass(frozen=True, slots=True)
class Carrier:
    """A segment that may bear a code, with the notes under it and the request it answers."""

    segment: Segment
    notes: tuple[Segment, ...] = field(repr=False)
    request: Segment | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What is said about one patient, sorted once: a message may hold thousands of results."""

    message: Message
    by_name: Mapping[str, Sequence[Segment]] = field(repr=False)
    carriers: Sequence[Carrier] = field(repr=False)
    texts: Mapping[int, Sequence[Carrier]] = field(repr=False)  # by the request they answer
    weights: Mapping[int, int] = field(repr=False)  # how long these texts are, as sent

    @property
    def pid(self) -> Segment | None:
        return self.first("PID")

    def first(self, name: str) -> Segment | None:
        return next(iter(self.of(name)), None)

    def of(self, name: str) -> Sequence[Segment]:
        return self.by_name.get(name, ())

    def texts_of(self, request: Segment | None) -> Sequence[Carrier]:
        """The texts that answer the same request; with none, those that answer none."""
        return self.texts.get(id(request), ())


def groups_of(message: Message) -> Iterator[Group]:
    """One for each PID; what stands before the first is said of all."""
    shared: list[Segment] = []
    groups: list[list[Segment]] = []
    for segment in message.segments[1:]:
        if segment.name == "PID":
            groups.append([segment])
        elif groups:
            groups[-1].append(segment)
        else:
            shared.append(segment)
    for each in groups or [[]]:
        yield _group(message, [*shared, *each])


def _group(message: Message, segments: Sequence[Segment]) -> Group:
    by_name: dict[str, list[Segment]] = {}
    for segment in segments:
        by_name.setdefault(segment.name, []).append(segment)
    carriers = _carriers(segments)
    texts: dict[int, list[Carrier]] = {}
    for carrier in carriers:
        named = carrier.segment.name
        if (named == "OBX" and is_text(carrier.segment)) or (named == "OBR" and carrier.notes):
            texts.setdefault(id(carrier.request), []).append(carrier)
    weights = {request: sum(map(_weight, several)) for request, several in texts.items()}
    return Group(message, by_name, carriers, texts, weights)


def _weight(carrier: Carrier) -> int:
    text = carrier.segment.raw(5) if carrier.segment.name == "OBX" else ""
    return len(text) + sum(len(note.raw(3)) for note in carrier.notes)


def _carriers(segments: Sequence[Segment]) -> list[Carrier]:
    """Diagnoses, results, documents and referrals, in their order, each with its notes."""
    found: list[tuple[Segment, list[Segment], Segment | None]] = []
    request: Segment | None = None
    notes: list[Segment] = []
    for segment in segments:
        if segment.name == "NTE":
            notes.append(segment)
            continue
        notes = []
        request = segment if segment.name == "OBR" else request
        if segment.name in _CARRIERS:
            found.append((segment, notes, request))
    return [Carrier(segment, tuple(under), asked) for segment, under, asked in found]


_CARRIERS = frozenset({"DG1", "OBX", "TXA", "RF1", "OBR"})


def words_of(carriers: Sequence[Carrier]) -> str:
    """
    Text as it was written, in its order: the lines of one text are joined by a line end, two texts
    by a blank line (7a.12).
    """
    texts: list[tuple[str, list[str]]] = []
    for carrier in carriers:
        segment = carrier.segment
        if segment.name == "OBX" and is_text(segment):
            named = segment.raw(3)
            if texts and texts[-1][0] == named:
                texts[-1][1].append(segment.words(5))
            else:
                texts.append((named, [segment.words(5)]))
        elif segment.name == "DG1" and segment.raw(4):
            texts.append(("", [segment.words(4)]))
        if carrier.notes:
            texts.append(("", [note.words(3) for note in carrier.notes]))
    written = ["\n".join(lines) for _, lines in texts]
    return "\n\n".join(each for each in written if each.strip())


def is_text(obx: Segment) -> bool:
    """A value of text; a word or a letter in answer to a coded question is an answer."""
    return obx.text(2) in TEXTS | {""} and len(obx.raw(5)) > _SHORT_TEXT


def moment_of(segment: Segment, number: int, zone: ZoneInfo, faults: names.Faults) -> str | None:
    """A field of type TS or DTM as a moment; as exact as it was written, never padded."""
    written = segment.text(number)
    if not written:
        return None
    found = moment(_iso(written), zone)
    if found is None or not found.exact:
        faults.append((f"{segment.name}-{number}", "bad_date"))
    return found.text if found is not None else None


def _iso(written: str) -> str:
    """`20261120141800.12+0000` as ISO 8601; an hour without its minutes is but a day."""
    at = max(written.find("+"), written.find("-"))
    clock, offset = (written[:at], written[at:]) if at > 0 else (written, "")
    digits, _, fraction = clock.partition(".")
    if not digits.isdecimal() or not digits.isascii():
        return "unreadable"
    day = "-".join(filter(None, (digits[:4], digits[4:6], digits[6:_DAY])))
    if len(digits) < _MINUTE:
        return day
    time = f"{digits[8:10]}:{digits[10:12]}" + (f":{digits[12:14]}" if digits[12:14] else "")
    part = f".{fraction}" if fraction and len(digits) >= _MOST else ""
    return f"{day}T{time}{part}{offset[:3]}:{offset[3:]}" if offset else f"{day}T{time}{part}"
