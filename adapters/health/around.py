"""What stands around a concern in a FHIR message: the visit, the family, and what is sensitive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters import names
from adapters.contract import Site
from adapters.dates import birth_date, is_adult, moment
from adapters.health.coding import codings, summary_code
from adapters.health.message import Held, Message
from adapters.health.patient import Person, patient_of
from adapters.sites import zone_of
from adapters.walk import Object, dicts, one, text

RESTRICTED = frozenset({"R", "V", "TURVAKIELTO"})
# HL7 v3 ActCode, information sensitivity (to confirm with the first site)
_LABELS = {
    "ETH": "substance",
    "PSY": "mental_health",
    "HIV": "sexual_or_reproductive",
    "STD": "sexual_or_reproductive",
    "SEX": "sexual_or_reproductive",
}
# HL7 v3 ActEncounterCode → child_health.setting
_SETTINGS = {
    "EMER": "emergency_department",
    "IMP": "ward",
    "ACUTE": "ward",
    "NONAC": "ward",
    "OBSENC": "ward",
    "SS": "ward",
    "HH": "community",
    "FLD": "ambulance",
}
# HL7 v3 RoleCode → relation
_RELATIONS = {
    "MTH": "mother", "NMTH": "mother", "ADOPTM": "mother",
    "FTH": "father", "NFTH": "father", "ADOPTF": "father",
    "STPMTH": "step_parent", "STPFTH": "step_parent", "STPPRN": "step_parent",
    "MTHFOST": "foster_carer", "FTHFOST": "foster_carer", "PRNFOST": "foster_carer",
    "GRPRN": "grandparent", "GRMTH": "grandparent", "GRFTH": "grandparent",
    "MGRMTH": "grandparent", "MGRFTH": "grandparent", "PGRMTH": "grandparent",
    "PGRFTH": "grandparent",
    "SIB": "sibling", "BRO": "sibling", "SIS": "sibling", "NBRO": "sibling", "NSIS": "sibling",
    "NSIB": "sibling", "TWIN": "sibling",
    "HSIB": "half_or_step_sibling", "HBRO": "half_or_step_sibling",
    "HSIS": "half_or_step_sibling", "STPSIB": "half_or_step_sibling",
    "STPBRO": "half_or_step_sibling", "STPSIS": "half_or_step_sibling",
    "AUNT": "other_relative", "UNCLE": "other_relative", "COUSN": "other_relative",
    "EXT": "other_relative", "FAMMEMB": "other_relative",
    "ROOM": "lodger_or_housemate", "FRND": "friend_of_family", "NBOR": "friend_of_family",
}  # fmt: skip
_MOST_PEOPLE, _MOST_CODES = 20, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a concern's message says beside it."""

    visit: Held | None
    relatives: Sequence[Held] = field(repr=False)

    @property
    def resources(self) -> list[Object]:
        found = [self.visit] if self.visit is not None else []
        return [each.resource for each in [*found, *self.relatives]]


def around(held: Held, person: Person, message: Message) -> Around:
    """The visit that the resource belongs to, and the people that belong to the child."""
    named = held.resource.get("encounter") or held.resource.get("context")
    visit = message.resolve(named, held)
    visits = message.of_kind("Encounter")
    if visit is None and not named and len(visits) == 1:
        visit = visits[0]
    if visit is not None and (visit.kind != "Encounter" or _of_another(visit, person, message)):
        visit = None
    relatives = message.by_person.get((person.key, "RelatedPerson"), ())
    relatives = relatives[: _MOST_PEOPLE + 1]  # one more shows that there were more
    return Around(visit=visit, relatives=relatives)


def _of_another(held: Held, person: Person, message: Message) -> bool:
    found = patient_of(held, message)
    return found is not None and found.key != person.key


def health_of(around_it: Around, message: Message, faults: names.Faults) -> dict[str, Any]:
    """`child_health`: setting, when attended, other reasons; in full, the place."""
    if around_it.visit is None:
        return {}
    visit = around_it.visit.resource
    classes = [*dicts(visit.get("class"))]
    of_class = [text(each.get("code")) for each in classes]
    of_class += [text(code.get("code")) for each in classes for code in dicts(each.get("coding"))]
    setting = next((_SETTINGS[each] for each in of_class if each in _SETTINGS), "other")
    started = text(
        one(visit.get("period")).get("start") or one(visit.get("actualPeriod")).get("start")
    )
    attended = moment(started, zone_of(message.site)) if started else None
    if started and (attended is None or not attended.exact):
        faults.append(("Encounter.period.start", "bad_date"))
    reasons = {"reasonCode": visit.get("reasonCode") or visit.get("reason")}
    codes = list(filter(None, map(summary_code, codings(reasons))))
    summary: dict[str, Any] = {"setting": setting}
    if attended is not None:
        summary["attended"] = attended.text
    if codes:
        summary["codes"] = distinct(codes)[:_MOST_CODES]
    place = _place(around_it.visit, message)
    return {"summary": summary, **({"full": {"place": place}} if place else {})}


def distinct(codes: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each once, in their order."""
    return [dict(each) for each in dict.fromkeys(tuple(code.items()) for code in codes)]


def _place(visit: Held, message: Message) -> str:
    """The names of the places of the visit, one a line."""
    found = []
    for stay in dicts(visit.resource.get("location")):
        where = message.resolve(stay.get("location"), visit)
        named = where.resource.get("name") if where is not None else None
        found.append(text(named) or text(one(stay.get("location")).get("display")))
    return "\n".join(dict.fromkeys(filter(None, found)))


def family_of(
    around_it: Around, person: Person, occurred: str, faults: names.Faults
) -> dict[str, Any]:
    """`family`: relations without names in the summary; in full who they are, never where."""
    contacts = dicts(person.resource.get("contact"))
    resources = [*(each.resource for each in around_it.relatives), *contacts]
    if len(resources) > _MOST_PEOPLE:
        faults.append(("RelatedPerson", "unreadable"))
    summaries, people = [], []
    for resource in resources[:_MOST_PEOPLE]:
        known, named = _relative(resource, occurred, faults)
        if len(named) > 1 or known["relation"] != "unknown":
            summaries.append(known)
            people.append(named)
    if not people:
        return {}
    return {"summary": {"people": summaries}, "full": {"people": people}}


def _relative(
    resource: Object, occurred: str, faults: names.Faults
) -> tuple[dict[str, str], dict[str, Any]]:
    said = [
        text(code.get("code")).upper()
        for concept in dicts(resource.get("relationship"))
        for code in dicts(concept.get("coding"))
    ]
    relation = next((_RELATIONS[each] for each in said if each in _RELATIONS), "unknown")
    born = birth_date(text(resource.get("birthDate")))
    written = one(resource.get("name"))
    given = written.get("given")
    parts = [*(given if isinstance(given, list) else [given]), written.get("family")]
    spoken = " ".join(filter(None, map(text, parts))) or text(written.get("text"))
    known = {"relation": relation}
    if born is not None:
        known["under_18"] = "no" if is_adult(born, occurred) else "yes"
    numbers = [
        text(each.get("value"))
        for each in dicts(resource.get("telecom"))
        if each.get("system") == "phone"
    ]
    named = {
        "relation": relation,
        "name": names.name(spoken, "RelatedPerson.name", faults),
        "birth_date": born,
        "telephone": names.telephones(numbers, "RelatedPerson.telecom", faults),
    }
    return known, {name: value for name, value in named.items() if value}


def sensitive_kinds(codes: set[str], labels: set[str], visit: Object, site: Site) -> list[str]:
    """
    The kinds of sensitive health that the codes, the labels or the service of the visit say; by the
    site's profile, `sensitive_codes` and `sensitive_services`, each a list by kind.
    """
    kinds = {_LABELS[label] for label in labels if label in _LABELS}
    service = {each.written for each in codings({"type": visit.get("serviceType")})}
    return sorted(kinds.union(kinds_listed(site, codes=codes, service=service)))


def kinds_listed(site: Site, *, codes: set[str], service: set[str]) -> list[str]:
    """The kinds of sensitive health under which the site's profile lists one of these."""
    kinds = {kind for kind, listed in _by_kind(site, "sensitive_codes") if codes & listed}
    kinds |= {kind for kind, listed in _by_kind(site, "sensitive_services") if service & listed}
    return sorted(kinds)


def _by_kind(site: Site, name: str) -> list[tuple[str, set[str]]]:
    written = site.profile.get(name)
    if not isinstance(written, dict):
        return []
    known = set(_LABELS.values())
    return [(kind, set(map(str, codes))) for kind, codes in written.items() if kind in known]
