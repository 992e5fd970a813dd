"""
A listed code in a diagnosis, a result, a document or a referral, with all that stands around it, as
one concern.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import birth_date, is_adult
from adapters.health.around import distinct, kinds_listed
from adapters.health.coding import in_profile
from adapters.health.hl7v2.coded import BY_PROFILE, Code, Listed, codes_of, listed
from adapters.health.hl7v2.group import Carrier, Group, moment_of, words_of
from adapters.health.hl7v2.patient import Identity, Patient, family_of
from adapters.levels import CAUSE_FOR_CONCERN, proposed, urgency
from adapters.names import Faults
from adapters.natives import content_version, native_part, protect, pruned
from adapters.sites import zone_of
from broker.domain.words import EventType, Lane

_SETTINGS = {"E": "emergency_department", "I": "ward"}
_PRIORITIES = {"S": "immediate", "STAT": "immediate", "A": "same_day", "ASAP": "same_day"}
_RECORDS = frozenset({"TXA", "RF1"})  # written to tell another: of an adult, a person looks
_EXPECTED = frozenset({"http://loinc.org|11778-8", "LN|11778-8"})  # estimated date of delivery
_MOST_WORDS, _MOST_CODES, _MOST_NATIVE, _LONGEST = 32_000, 20, 20, 200
_MOST_PEOPLE, _MOST_DISPLAY = 20, 300
_MOST_TEXTS, _MOST_DIAGNOSES = 500, 50
_HEAVIEST = 10 * _MOST_WORDS  # as sent, escapes and all: beyond it nothing is joined to be measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a segment says, about whom, and the codes in it that raise."""

    carrier: Carrier
    group: Group
    patient: Patient | None
    raising: Sequence[Listed] = field(default=(), repr=False)
    noted: Sequence[Listed] = field(default=(), repr=False)
    kinds: Sequence[str] = ()  # of sensitive health, anywhere in what is said of this patient
    native: bytes = field(repr=False)
    site: Site

    @property
    def kind(self) -> str:
        return self.carrier.segment.name

    @property
    def unborn(self) -> bool:
        return any(each.row.get("subject_kind") == "unborn" for each in self.raising)

    @property
    def subject_key(self) -> str:
        """The publisher's own key: an unborn child is not its mother."""
        key = self.patient.key if self.patient is not None else "unknown"
        return f"unborn:{key}" if self.unborn else key

    @property
    def lane(self) -> Lane:
        return Lane.EMERGENCY if _stated(self.carrier) == "immediate" else Lane.ROUTINE


def concern(said: Said) -> Item:
    """One concern, or why a person must look at it first."""
    if said.patient is None:
        return Quarantined(reason="no_subject", detail="PID", lane=said.lane)
    faults: Faults = list(said.patient.faults)
    occurred = _occurred(said, faults)
    day = occurred if occurred != "unknown" else said.site.received.date().isoformat()
    if not said.unborn and is_adult(said.patient.born, day):
        if said.kind in _RECORDS:
            return Quarantined(reason="over_18", detail=said.kind, lane=said.lane)
        return Nothing(reason="adult")
    words = _clean(words_of(_beside(said)), faults) if _weight(said) <= _HEAVIEST else None
    if words is None or len(words) > _MOST_WORDS:
        return Quarantined(reason="too_long", detail="words", lane=said.lane)
    return _event(said, said.patient, _narrative(said, occurred, words), faults)


def reference_of(said: Said) -> str:
    """The thread, by FORMATS.md 7a.2: what every version of one record has in common."""
    segment, request = said.carrier.segment, said.carrier.request
    txa = said.group.first("TXA")
    if segment.name == "DG1":
        visit = _visit(said.group)
        return f"{visit}/{segment.text(20) or segment.text(3)}"
    if segment.name == "RF1" and segment.text(6):
        return f"RF1/{segment.text(6)}"
    if txa is not None and segment.name in {"TXA", "OBX"} and txa.text(12):
        parent = txa.text(13) if said.group.message.header.text(9, 2) in _REPLACES else ""
        return f"TXA/{parent or txa.text(12)}"
    if segment.name == "OBX" and request is not None and (request.text(3) or request.text(2)):
        asked = request.text(3) or request.text(2)
        return f"{asked}/{segment.text(3)}/{segment.text(4)}"
    header = said.group.message.header
    own = f"{header.text(3)}/{header.text(4)}/{header.text(10)}"
    return f"{own}/{segment.name}/{segment.text(3)}" if segment.name == "OBX" else own


_REPLACES = frozenset({"T09", "T10"})  # MDM: the new document names the one it replaces


def _visit(group: Group) -> str:
    pv1, pid = group.first("PV1"), group.pid
    found = pv1.text(19) if pv1 is not None else ""
    return found or (pid.text(3) if pid is not None else "")


def retraction(said: Said, *, without_original: str = "retraction_without_original") -> Event:
    """By the thread of what was raised."""
    own = said.group.message.header.text(10) or content_version(said.native.hex())
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=reference_of(said),
        version=f"taken back by {own}"[:80],
        subject_key=said.subject_key,
        plain={"reason": "entered_in_error"},
        native=native_part(said.native, made_by="system", form="hl7v2"),
        without_original=without_original,
        names_no_record=said.kind == "OBX",
    )


def _event(said: Said, patient: Patient, narrative: Identity, faults: Faults) -> Event:
    occurred = narrative["summary"]["occurred"]
    categories: dict[str, dict[str, Any]] = {
        "identity": {part: dict(values) for part, values in patient.identity.items()},
        "narrative": narrative,
    }
    if said.unborn:
        categories |= _unborn(said, patient, faults)
    else:
        categories["child_health"] = health_of(said.group, said.site, faults, said.raising)
        relatives = said.group.of("NK1")[:_MOST_PEOPLE]
        categories["family"] = family_of(relatives, occurred, faults)
    _set_apart(categories, said)
    if patient.protected:
        _hide_relatives(categories)
        categories = protect(categories)
    categories = pruned(categories)
    plain = _plain(said, narrative["summary"]["abuse"])
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=reference_of(said),
        version=content_version(plain, categories),
        subject_key=said.subject_key,
        plain=plain,
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_sought_impracticable",
            "jurisdiction": "GB-ENG",
            "location_protected": patient.protected,
        },
        native=native_part(
            said.native, made_by="system", form="hl7v2", faults=faults, unread=unread(said.group)
        ),
        categories=categories,
    )


def unread(group: Group) -> list[tuple[str, str]]:
    """Segments of a site's own: whatever they say survives."""
    mark = group.message.header.marks.field
    own = [each for name, several in group.by_name.items() if name[0] == "Z" for each in several]
    return [(each.name, mark.join(each.fields)) for each in own[:40]]


def _plain(said: Said, abuse: list[str]) -> dict[str, Any]:
    codes = {each.code.code for each in said.raising}
    also = {"cause_for_concern"} if codes & CAUSE_FOR_CONCERN else set()
    level, state = proposed(abuse, also=also)
    return {
        "level": level,
        "level_state": state,
        "urgency": urgency(level, stated=_stated(said.carrier)),
        "family": {"may_be_told": "not_known"},
    }


def _stated(carrier: Carrier) -> str | None:
    """RF1-2, or the priority of the request: OBR-5, since 2.3 OBR-27.6."""
    segment, request = carrier.segment, carrier.request
    written = [segment.text(2)] if segment.name == "RF1" else []
    if request is not None:
        written += [request.text(5), request.text(27, 6)]
    return next(
        (_PRIORITIES[each.upper()] for each in written if each.upper() in _PRIORITIES), None
    )


def _occurred(said: Said, faults: Faults) -> str:
    """OBX-14, DG1-5, TXA-4, RF1-7; else EVN-6, EVN-2, MSH-7."""
    own = {"OBX": 14, "DG1": 5, "TXA": 4, "RF1": 7}[said.kind]
    asked = [(said.carrier.segment, own)]
    evn = said.group.first("EVN")
    asked += [(evn, 6), (evn, 2)] if evn is not None else []
    asked.append((said.group.message.header, 7))
    for segment, number in asked:
        found = moment_of(segment, number, zone_of(said.site), faults)
        if found is not None:
            return found
    return "unknown"


def _beside(said: Said) -> list[Carrier]:
    """
    The carriers whose words belong to this one: itself, and the texts of the same request; of a
    document, a referral or a diagnosis those of the whole message.
    """
    own = said.carrier
    if said.kind == "OBX":
        texts = said.group.texts_of(own.request)
    else:
        texts = [each for several in said.group.texts.values() for each in several]
    return [own, *(each for each in texts[:_MOST_TEXTS] if each is not own)]


def _weight(said: Said) -> int:
    weights = said.group.weights
    if said.kind == "OBX":
        return weights.get(id(said.carrier.request), 0)
    return sum(weights.values())


def _clean(words: str, faults: Faults) -> str:
    """A NUL is carried by no system after this one (7a.17)."""
    if "\x00" not in words:
        return words
    faults.append(("words", "bad_encoding"))
    return words.replace("\x00", "\ufffd")


def _narrative(said: Said, occurred: str, words: str) -> Identity:
    rows = [each.row for each in said.raising]
    specific = sorted({row["abuse"] for row in rows if row.get("abuse")} - {"UNSPECIFIED"})
    coded = [*said.raising, *said.noted]
    factors = dict.fromkeys(factor for each in coded for factor in each.row.get("factors", []))
    codes = [each.code.summary for each in coded]
    summary: dict[str, Any] = {
        "basis": "observed",
        "occurred": occurred,
        "abuse": specific or ["UNSPECIFIED"],
        "factors": list(factors),
        "codes": distinct([each for each in codes if each is not None])[:_MOST_CODES],
    }
    full = {"words": words, "native_codes": _native_codes(said)}
    return {
        "summary": {name: value for name, value in summary.items() if value},
        "full": {name: value for name, value in full.items() if value},
    }


def _native_codes(said: Said) -> list[dict[str, str]]:
    """Every code as it was written, listed or not."""
    found = []
    segment = said.carrier.segment
    for code in [*codes_of(segment), *(each.code for each in said.raising)]:
        made = {"system": (code.spelt or "unknown")[:_LONGEST], "code": code.code[:_LONGEST]}
        if 0 < len(code.display) <= _MOST_DISPLAY:
            made["display"] = code.display
        found.append(made)
    return distinct(found)[:_MOST_NATIVE]


def health_of(
    group: Group, site: Site, faults: Faults, raising: Sequence[Listed] = ()
) -> dict[str, Any]:
    """`child_health`: setting, when attended, other diagnoses; in full, the place."""
    pv1 = group.first("PV1")
    diagnoses = [code for each in group.of("DG1")[:_MOST_DIAGNOSES] for code in codes_of(each)]
    raised = {each.code.written for each in raising}
    codes = [each.summary for each in diagnoses if each.written not in raised]
    if pv1 is None and not any(codes):
        return {}
    summary: dict[str, Any] = {"setting": "other"}
    place = ""
    if pv1 is not None:
        summary["setting"] = _SETTINGS.get(pv1.text(2).upper(), "other")
        attended = moment_of(pv1, 44, zone_of(site), faults)
        summary |= {"attended": attended} if attended is not None else {}
        parts = [pv1.text(3, number) for number in range(1, 10)]
        place = ", ".join(dict.fromkeys(filter(None, parts)))
    known = distinct([each for each in codes if each is not None])
    summary |= {"codes": known[:_MOST_CODES]} if known else {}
    return {"summary": summary, **({"full": {"place": place}} if place else {})}


def _unborn(said: Said, mother: Patient, faults: Faults) -> dict[str, dict[str, Any]]:
    """The patient is the mother: no date, name or number of hers is the child's."""
    expected = None
    for each in said.group.of("OBX"):
        if any(code.is_in(_EXPECTED) for code in codes_of(each)):
            written = moment_of(each, 5, zone_of(said.site), faults)
            expected = birth_date(written[:10]) if written else None
    summary = {"known": "identified" if expected else "described", "subject_kind": "unborn"}
    if expected:
        summary["expected_birth_date"] = expected
    places = ("address", "telephone")
    full = {
        name: mother.identity["full"][name] for name in places if name in mother.identity["full"]
    }
    named = {
        "relation": "mother",
        "name": mother.spoken,
        "identifiers": mother.identity["full"].get("identifiers", [])[:4],
    }
    known = {"relation": "mother", "roles": ["parental_responsibility"]}
    return {
        "identity": {"summary": summary, "full": full},
        "family": {
            "summary": {"people": [known]},
            "full": {"people": [{name: value for name, value in named.items() if value}]},
        },
    }


def _set_apart(categories: dict[str, dict[str, Any]], said: Said) -> None:
    """
    Words and codes live in the most protected category that they mention (DOMAIN.md 2.3): where
    anything is sensitive health, the words, factors, codes and the place go there.
    """
    if not said.kinds:
        return
    narrative = categories["narrative"]
    summary: dict[str, Any] = {"kinds": list(said.kinds)}
    for name in ("factors", "codes"):
        if name in narrative["summary"]:
            summary[name] = narrative["summary"].pop(name)
    full = narrative.pop("full", {})
    health = categories.get("child_health") or {}
    place = health.get("full", {}).pop("place", None)
    full |= {"service": place} if place else {}
    codes = health.get("summary", {}).pop("codes", [])
    if codes:
        summary["codes"] = distinct([*summary.get("codes", []), *codes])[:_MOST_CODES]
    categories["sensitive_health"] = {"summary": summary, "full": full}


def kinds_of(group: Group, site: Site) -> list[str]:
    """The kinds of sensitive health that its codes or the service of its visit say."""
    written: set[str] = set()
    for name in ("DG1", "OBX", "RF1"):
        for segment in group.of(name):
            for code in codes_of(segment):
                written |= {code.written, f"{code.spelt}|{code.code}"}
    pv1 = group.first("PV1")
    service = Code("", pv1.text(10)) if pv1 is not None else Code("", "")
    return kinds_listed(site, codes=written, service={service.code, service.written})


def _hide_relatives(categories: dict[str, dict[str, Any]]) -> None:
    """Who lives with a protected child is not rung by anybody: the number would find the child."""
    for person in categories.get("family", {}).get("full", {}).get("people", []):
        person.pop("telephone", None)


def document_codes(said: Said) -> list[Listed]:
    """TXA-2, if the site's profile lists the type; then the listed codes of the document too."""
    txa, site = said.carrier.segment, said.site
    kinds = [Code(txa.text(2, 3), txa.text(2), txa.text(2, 2), txa.text(2, 3))]
    types = in_profile(site, "documents")
    by_type = [
        Listed(each, BY_PROFILE)
        for each in kinds
        if each.code and (each.is_in(types) or each.code in types)
    ]
    inside = [code for each in said.group.of("OBX") for code in codes_of(each)]
    return [*by_type, *listed(inside, site)]
