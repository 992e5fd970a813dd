"""The people of a police incident: which are children, and what may be said of each."""

import re
from dataclasses import dataclass, field
from typing import Any

from adapters import names
from adapters.codes import table
from adapters.contract import Site
from adapters.dates import ADULT, age_at, birth_date
from adapters.identifiers import local
from adapters.police.pole_document import Document, Thing
from adapters.walk import one, text

_LONGEST, _MOST_PEOPLE = 40, 12
# An id that is nobody else's wherever it is met (RFC 9562); a short one means something in its own
# document alone.
_UNIQUE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACES = frozenset({"address", "telephone"})
_ROLES = {
    "suspect": "alleged_source_of_harm",
    "offender": "alleged_source_of_harm",
    "witness": "witness",
    "victim": "victim",
}
KNOWN = frozenset({
    "givenname", "givennames", "forename", "forenames", "surname", "familyname", "dateofbirth",
    "dateofbirthknown", "under18", "age", "gender", "sex", "nominal", "nominalreference",
    "nominalnumber", "pncid", "currentaddress", "address", "telephone", "telephonenumber", "sameas",
    "protectedaddress", "locationprotected", "markers", "livesatlocation", "childpresent",
    "present", "professional", "anonymous", "organisation", "relationshiptovictim", "alias",
})  # fmt: skip

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child of an incident, with the publisher's own key for it."""

    thing: Thing
    key: str = field(repr=False)
    identity: Identity = field(repr=False)
    protected: bool = False
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def placeless(self) -> Identity:
        full = {name: each for name, each in self.identity["full"].items() if name not in _PLACES}
        return {"summary": self.identity["summary"], **({"full": full} if full else {})}


def child_from(thing: Thing, happened: str, site: Site) -> Child | None:
    """The child; None if this is none, or nobody says how old (7a.14: a birth date is first)."""
    faults: names.Faults = []
    day = happened if happened != "unknown" else site.received.date().isoformat()
    written = thing.text("dateOfBirth")
    born = birth_date(written)
    if written and born is None:
        faults.append(("dateOfBirth", "bad_date"))
    age = age_at(born, day) if born else None
    stated = thing.text("age")
    if age is None and stated.isdecimal():
        age = int(stated[:4])
    is_child = age < ADULT if age is not None else thing.is_true("under18") is True
    if not is_child:
        return None
    identity = _identity(thing, born, site, faults)
    return Child(
        thing=thing,
        key=_key(thing, identity),
        identity=identity,
        protected=_protected(thing, site),
        faults=tuple(faults),
    )


def _identity(thing: Thing, born: str | None, site: Site, faults: names.Faults) -> Identity:
    given = names.name(_given(thing), "givenName", faults)
    family = names.name(thing.text("surname", "familyName"), "surname", faults)
    gender = thing.text("gender", "sex").upper()
    summary: dict[str, Any] = {
        "known": "identified" if given or family or born else "described",
        "subject_kind": "child",
        "given_name": given,
        "family_name": family,
        "birth_date": born,
        "sex": _sex(gender),
    }
    full = {
        "identifiers": _numbers(thing, site, faults),
        "address": address_of(thing.get("currentAddress") or thing.get("address"), faults),
        "telephone": names.telephones(
            [thing.text("telephone", "telephoneNumber")], "telephone", faults
        ),
    }
    return {
        "summary": {name: value for name, value in summary.items() if value},
        "full": {name: value for name, value in full.items() if value},
    }


def _given(thing: Thing) -> str:
    for name in ("givenName", "givenNames", "forename", "forenames"):
        found = thing.get(name)
        several = found if isinstance(found, list) else [found]
        spoken = " ".join(filter(None, map(text, several)))
        if spoken:
            return spoken
    return ""


def _sex(code: str) -> str:
    known = {**table("sex")["niem"]["map"], **table("sex")["ihub-sdm"]["map"]}
    return str(known.get(code) or known.get(code[:1]) or "U")


def _nominal(thing: Thing) -> str:
    return thing.text("nominal", "nominalReference", "nominalNumber", "pncId")


def _numbers(thing: Thing, site: Site, faults: names.Faults) -> list[dict[str, str]]:
    found = [("police_nominal", _nominal(thing))]
    found += [("other", thing.id)] if _UNIQUE.fullmatch(thing.id) else []
    made = []
    for system, value in found:
        if len(value) > _LONGEST:
            faults.append(("nominal", "bad_identifier"))
        elif value:
            made.append(local(system, value, site.organisation, verified=True))
    return made


def named_by(number: str, site: Site) -> dict[str, str]:
    return local("police_nominal", number, site.organisation, verified=True)


def former_numbers(thing: Thing) -> list[str]:
    """`sameAs`: other nominals of the same person."""
    written = thing.get("sameAs")
    several = written if isinstance(written, list) else [written]
    found = [
        text(each) or text(one(each).get("nominal") or one(each).get("id")) for each in several
    ]
    own = {_nominal(thing), thing.id}
    return [
        each for each in dict.fromkeys(found) if each and each not in own and len(each) <= _LONGEST
    ]


def _key(thing: Thing, identity: Identity) -> str:
    nominal = _nominal(thing)
    if nominal:
        return f"nominal:{nominal}"
    if _UNIQUE.fullmatch(thing.id):
        return f"id:{thing.id}"
    summary = identity["summary"]
    known = [str(summary.get(name, "")) for name in ("family_name", "given_name", "birth_date")]
    return "|".join(known) if any(known) else f"in document:{thing.id}"


def _protected(thing: Thing, site: Site) -> bool:
    if thing.is_true("protectedAddress", "locationProtected"):
        return True
    listed = site.profile.get("protected_markers")
    known = {str(each).casefold() for each in listed} if isinstance(listed, list) else set()
    marks = thing.get("markers")
    several = marks if isinstance(marks, list) else [marks]
    said = {(text(each) or text(one(each).get("code"))).casefold() for each in several}
    return bool(said & known)


def address_of(value: Any, faults: names.Faults) -> dict[str, object]:
    """An address written as a line, as lines, or as parts."""
    if isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(x, str) for x in value)
    ):
        lines = [value] if isinstance(value, str) else list(value)
        return names.address([line for line in lines if line.strip()], "", "address", faults)
    parts = {name.casefold().replace("-", ""): each for name, each in one(value).items()}
    several = parts.get("lines")
    lines = [text(each) for each in several] if isinstance(several, list) else []
    for name in ("buildingname", "buildingnumber", "line1", "addressline1", "street", "streetname",
                 "line2", "addressline2", "locality", "town", "city", "posttown"):  # fmt: skip
        lines.append(text(parts.get(name)))
    code = text(parts.get("postcode") or parts.get("postalcode"))
    kept = [line for line in lines if line]
    return names.address(kept, code, "address", faults) if kept or code else {}


def others(document: Document, child: Child, faults: names.Faults) -> list[dict[str, Any]]:
    """Everybody else in the incident with their role; whoever reported it stands elsewhere."""
    found: dict[str, dict[str, Any]] = {}
    for role, meant in _ROLES.items():
        for thing in document.of(role):
            if thing.kind != "person" or thing.id == child.thing.id:
                continue
            made = found.setdefault(thing.id, _other(thing, faults))
            made["roles"] = sorted({*made.get("roles", []), meant})
    return list(found.values())[:_MOST_PEOPLE]


def _other(thing: Thing, faults: names.Faults) -> dict[str, Any]:
    made: dict[str, Any] = {"relation": "unknown"}
    name = names.name(spoken(thing), "surname", faults)
    born = birth_date(thing.text("dateOfBirth"))
    made |= {"name": name} if name else {}
    return made | ({"birth_date": born} if born else {})


def spoken(thing: Thing) -> str:
    return " ".join(filter(None, (_given(thing), thing.text("surname", "familyName"))))


def referrer_of(document: Document, child: Child, faults: names.Faults) -> Identity:
    """A reporter who is no professional; else an empty mapping."""
    for thing in document.of("reporter"):
        professional = thing.is_true("professional") or thing.text("organisation")
        if thing.kind != "person" or thing.id == child.thing.id or professional:
            continue
        summary: dict[str, Any] = {"source": "1D"}
        if thing.is_true("anonymous"):
            summary["wants_anonymity"] = True
        numbers = names.telephones(
            [thing.text("telephone", "telephoneNumber")], "telephone", faults
        )
        full = {
            "name": names.name(spoken(thing), "surname", faults),
            "telephone": numbers[0] if numbers else "",
        }
        known = {name: value for name, value in full.items() if value}
        return {"summary": summary, **({"full": known} if known else {})}
    return {}


def lives_there(document: Document, child: Child, places: list[dict[str, object]]) -> bool:
    """
    Whether the child lives where it happened: it is said, or the addresses are the same (7a.11).
    """
    if child.thing.is_true("livesAtLocation"):
        return True
    home = child.identity["full"].get("address")
    return home is not None and any(_same(home, place) for place in places)


def _same(one_place: dict[str, object], other: dict[str, object]) -> bool:
    def key(place: dict[str, object]) -> tuple[str, str]:
        lines = place.get("lines")
        written = " ".join(map(str, lines)) if isinstance(lines, list) else ""
        letters = re.sub(r"[^0-9a-z]", "", written.casefold())
        return letters, re.sub(r"\s", "", str(place.get("postcode", "")).casefold())

    return key(one_place) == key(other)
