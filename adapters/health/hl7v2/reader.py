"""
HL7 v2 read: every message of a frame or a file ends as one Item at least.

A concern comes from a listed code in a diagnosis (DG1-3), a result (OBX-3, OBX-5) or a referral
(RF1-10), or from a document of a type that the site's profile lists (TXA-2). That somebody was
admitted raises nothing, and neither do words (FORMATS.md 2 and 3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from adapters.contract import ECHO, Event, Item, Nothing, Quarantined, Site
from adapters.health.hl7v2.coded import Listed, answers_no, codes_of, is_taken_back, listed
from adapters.health.hl7v2.concern import Said, concern, document_codes, kinds_of, retraction
from adapters.health.hl7v2.facts import case, facts
from adapters.health.hl7v2.group import Group, groups_of
from adapters.health.hl7v2.patient import patient_from
from adapters.health.hl7v2.syntax import message_from, pieces_of
from broker.errors import Malformed

OURS = "CONCERN-BROKER"  # MSH-3 of everything that the broker sends
_ANSWERS = frozenset({"ACK", "QRY", "QBP", "RSP", "QCK", "QSB", "NMQ", "NMR"})
_CANCELS_DOCUMENT = frozenset({"T11"})
_CANCELS_REFERRAL = frozenset({"I14"})
_CANCELS_VISIT = frozenset({"A11", "A27", "A38"})
_DELETED = frozenset({"CA"})  # TXA-19, table 0273
_CORRECTED = frozenset({"C"})  # OBX-11, table 0085
_STATUSES = frozenset({"status_opened", "status_closed"})
_MOST_ITEMS = 500  # of one message: more is no message that somebody meant
_TO_A_PERSON = "retraction_without_original"


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each coded segment and each fact; for a message that holds none, why."""
    try:
        pieces = pieces_of(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    items: list[Item] = []
    if pieces.strays or not pieces.messages:
        items.append(Quarantined(reason="not_this_format", detail="text outside of any message"))
    if pieces.promised is not None and pieces.promised != len(pieces.messages):
        items.append(Quarantined(reason="batch_count", detail="BTS-1"))
    for piece in pieces.messages:
        found = _message(piece, native, site)
        many = len(pieces.messages) > 1
        items += [_with_excerpt(each, piece) for each in found] if many else found
    return items


def _with_excerpt(item: Item, piece: bytes) -> Item:
    """Of a batch, a person is shown the message that could not be taken in, not all of them."""
    return replace(item, excerpt=piece) if isinstance(item, Quarantined) else item


def _message(piece: bytes, native: bytes, site: Site) -> Sequence[Item]:
    try:
        message = message_from(piece)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    if message.header.text(3).upper() == OURS or ECHO.encode() in piece:
        return [Nothing(reason="echo")]
    if message.header.text(9) in _ANSWERS:
        return [Nothing(reason="no_record")]
    if not message.header.text(9):
        return [Quarantined(reason="not_this_format", detail="MSH-9")]
    every = (item for group in groups_of(message) for item in _group(group, native, site))
    items = list(islice(every, _MOST_ITEMS + 1))
    if len(items) > _MOST_ITEMS:
        return [Quarantined(reason="too_large", detail="coded records in one message")]
    unseen = tuple(sorted({each.name for each in message.segments if each.name[0] == "Z"}))
    found = items or [Nothing(reason="no_listed_code")]
    if message.misread:
        found = [_with_fault(each) for each in found]
    return [replace(each, unseen=unseen) for each in found] if unseen else found


def _with_fault(item: Item) -> Item:
    """The text is not in the character set that MSH-18 claims."""
    if not isinstance(item, Event):
        return item
    noted = item.native.get("faults")
    faults = [
        *(noted if isinstance(noted, list) else []),
        {"field": "MSH-18", "why": "bad_encoding"},
    ]
    return replace(item, native={**item.native, "faults": faults[-40:]})


def _group(group: Group, native: bytes, site: Site) -> Iterator[Item]:
    pid = group.pid
    patient = patient_from(pid, group.first("PD1"), site) if pid is not None else None
    kinds = kinds_of(group, site)
    held = [
        Said(carrier=each, group=group, patient=patient, kinds=kinds, native=native, site=site)
        for each in group.carriers
    ]
    document = next((each for each in held if each.kind == "TXA"), None)
    referral = next((each for each in held if each.kind == "RF1"), None)
    if document is not None:
        yield from _document(document)
    if referral is not None:
        yield from _referral(referral)
    alone = {"OBX"} if document is None else set()
    alone |= {"DG1"} if referral is None else set()
    for said in held:
        found = listed(codes_of(said.carrier.segment), site) if said.kind in alone else []
        if found:
            yield from _coded(said, found)
    yield from facts(group, patient, native, site)


def _event_of(said: Said) -> str:
    return said.group.message.header.text(9, 2)


def _document(said: Said) -> Iterator[Item]:
    """One concern for one document, by its type or by what is coded in it."""
    results = said.group.of("OBX")
    answers = [each for each in results if answers_no(each, said.site)]
    negated = {code.written for each in answers for code in codes_of(each)}
    coded = document_codes(said)
    found = [each for each in coded if each.code.written not in negated]
    raising = [each for each in found if each.row["action"] == "raise"]
    deleted = said.carrier.segment.text(19).upper() in _DELETED
    if not found and coded:
        yield Nothing(reason="answer_no")
    elif raising and (deleted or _event_of(said) in _CANCELS_DOCUMENT):
        yield retraction(replace(said, raising=raising))
    elif found:
        yield from _acted_on(said, found)


def _referral(said: Said) -> Iterator[Item]:
    """One concern for one referral: its reason, and its diagnoses."""
    diagnoses = [
        code for each in said.group.of("DG1") if not is_taken_back(each) for code in codes_of(each)
    ]
    found = listed([*codes_of(said.carrier.segment), *diagnoses], said.site)
    if found and _event_of(said) in _CANCELS_REFERRAL:
        yield retraction(replace(said, raising=found))
    elif found:
        yield from _acted_on(said, found)


def _coded(said: Said, found: list[Listed]) -> Iterator[Item]:
    """A result or a diagnosis."""
    segment = said.carrier.segment
    cancelled = _event_of(said) in _CANCELS_VISIT and said.kind == "DG1"
    if cancelled or is_taken_back(segment):
        yield from _taken_back(said, found, "nothing" if cancelled else _TO_A_PERSON)
    elif answers_no(segment, said.site):
        raising = [each for each in found if each.row["action"] == "raise"]
        if raising and segment.text(11).upper() in _CORRECTED:
            yield retraction(replace(said, raising=raising), without_original="nothing")
        else:
            yield Nothing(reason="answer_no")
    else:
        yield from _acted_on(said, found)


def _taken_back(said: Said, found: list[Listed], without_original: str) -> Iterator[Item]:
    actions = {each.row["action"] for each in found}
    raising = [each for each in found if each.row["action"] == "raise"]
    if raising:
        yield retraction(replace(said, raising=raising), without_original=without_original)
    elif not actions & _STATUSES:
        yield Nothing(reason="negated")
    for each in found:
        if each.row["action"] in _STATUSES:
            yield case(said, each, withdrawn=True)


def _acted_on(said: Said, found: Sequence[Listed]) -> Iterator[Item]:
    by_action: dict[str, list[Listed]] = {}
    for each in found:
        by_action.setdefault(each.row["action"], []).append(each)
    if "hold_about_relative" in by_action:
        yield Quarantined(reason="about_relative", detail=said.kind)
        return
    noted = by_action.get("status_noted", [])
    if "raise" in by_action:
        yield concern(replace(said, raising=by_action["raise"], noted=noted))
    changed: dict[str, Listed] = {}
    for action in ("status_closed", "status_opened"):  # "no longer" beside "is": what ended is last
        for each in by_action.get(action, []):
            changed.setdefault(each.row["status"], each)
    for each in changed.values():
        yield case(said, each, withdrawn=False)
    if noted and len(by_action) == 1:
        yield Nothing(reason="noted_only")
