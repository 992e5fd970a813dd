"""One child of a CSC payload: who it is, and what places it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters import names
from adapters.contract import Site
from adapters.dates import birth_date
from adapters.identifiers import local, upn_assurance
from adapters.natives import native_part
from adapters.walk import Object, dicts, is_true, one, text

_LONGEST = 40
_ADOPTIVE = frozenset({"A3", "A4", "A5", "A6"})  # SSDA903 placement types: placed for adoption

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What every event about one child shares."""

    key: str = field(repr=False)
    identity: Identity = field(repr=False)
    details: Object = field(repr=False)
    faults: tuple[tuple[str, str], ...] = ()
    native: bytes = field(repr=False)
    site: Site
    form: str
    unread: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def original(self, faults: names.Faults | None = None) -> dict[str, Any]:
        noted = [*self.faults, *(faults or [])]
        return native_part(
            self.native, made_by="system", form=self.form, faults=noted, unread=self.unread
        )


def is_purged(record: Object) -> bool:
    """The source withdraws this object and what it holds (7a.16)."""
    return is_true(record.get("purge"))


def live(value: Any) -> list[Object]:
    """The objects of a list that are not withdrawn."""
    return [each for each in dicts(value) if not is_purged(each)]


def child_from(
    record: Object,
    native: bytes,
    site: Site,
    form: str,
    unread: Sequence[tuple[str, str]] = (),
) -> Child | None:
    """
    The child with its identity; None if it has no number to know it by. `record` is shaped like a
    child of the CSC API, whichever format it was read from.
    """
    key = text(record.get("la_child_id")) or text(record.get("mis_child_id"))
    if not key or len(key) > _LONGEST:
        return None
    details = one(record.get("child_details"))
    details = {} if is_purged(details) else details
    faults: names.Faults = []
    identity = {
        "summary": _summary(details, faults),
        "full": _full(record, details, key, site, faults),
    }
    return Child(
        key=key,
        identity=identity,
        details=details,
        faults=tuple(faults),
        native=native,
        site=site,
        form=form,
        unread=tuple(unread),
    )


def _summary(details: Object, faults: names.Faults) -> dict[str, Any]:
    born = _day(details, "date_of_birth", faults)
    expected = _day(details, "expected_date_of_birth", faults)
    given = names.name(text(details.get("first_name")), "first_name", faults)
    family = names.name(text(details.get("surname")), "surname", faults)
    sex = text(details.get("sex")).upper()
    summary = {
        "known": "identified" if given or family or born or expected else "described",
        "subject_kind": "unborn" if expected and not born else "child",
        "given_name": given,
        "family_name": family,
        "birth_date": born,
        "expected_birth_date": None if born else expected,
        "sex": sex if sex in {"F", "M"} else "U",
    }
    return {name: value for name, value in summary.items() if value}


def _day(details: Object, name: str, faults: names.Faults) -> str | None:
    written = text(details.get(name))
    found = birth_date(written)
    if written and found is None:
        faults.append((name, "bad_date"))
    return found


def _full(
    record: Object, details: Object, key: str, site: Site, faults: names.Faults
) -> dict[str, Any]:
    identifiers = [local("la_child_id", key, site.organisation, verified=True)]
    other = text(record.get("mis_child_id"))
    if other and other != key:
        if len(other) <= _LONGEST:
            identifiers.append(local("mis_id", other, site.organisation, verified=True))
        else:
            faults.append(("mis_child_id", "bad_identifier"))
    for name, system in (
        ("unique_pupil_number", "upn"),
        ("former_unique_pupil_number", "former_upn"),
    ):
        number = text(details.get(name))
        if len(number) > _LONGEST:
            faults.append((name, "bad_identifier"))
        elif number:
            made = {"system": system, "value": number, "assurance": upn_assurance(number)}
            identifiers.append(made)
    full: dict[str, Any] = {"identifiers": identifiers}
    address = names.address([], text(details.get("postcode")), "postcode", faults)
    return {**full, "address": address} if address else full


def without_place(identity: Identity) -> Identity:
    """What a fact about a protected child may say of it."""
    full = {name: value for name, value in identity["full"].items() if name != "address"}
    return {"summary": identity["summary"], "full": full}


def adoption_of(episode: Object, faults: names.Faults) -> dict[str, Any] | None:
    """
    `protected_location` of a child who is placed for adoption: where it is belongs there and
    nowhere else (FORMATS.md 6). None for any other child.
    """
    placements = live(episode.get("child_looked_after_placements"))
    adoptive = [each for each in placements if text(each.get("placement_type")) in _ADOPTIVE]
    plan = next(iter(live(episode.get("adoption"))), {})
    if not adoptive and not (text(plan.get("matched_date")) or text(plan.get("placed_date"))):
        return None
    since = birth_date(text(plan.get("placed_date")))
    summary = {"kind": "adoption", **({"from": since} if since else {})}
    where = adoptive or placements
    code = text(where[-1].get("postcode")) if where else ""
    address = names.address([], code, "placement.postcode", faults)
    return {"summary": summary, **({"full": {"address": address}} if address else {})}
