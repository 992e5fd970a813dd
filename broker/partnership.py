"""
The directory as the partnership keeps it: organisations, their agencies, areas, roles, contacts,
feeds and people. Read from one YAML file; a mistake in it names the place and what to write.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from broker.domain.decision import Recipient
from broker.domain.desk import Contact, Person
from broker.domain.ids import OrganisationId, PersonId
from broker.domain.known import Body, Directory
from broker.domain.topics import concerns_topic, quarantine_topic, receipts_in_topic
from broker.domain.words import Agency, Lane, Office, Role
from broker.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One body in the directory."""

    id: OrganisationId
    name: str
    agency: Agency
    area: str
    contact: Contact  # its safeguarding contact: whom to ring
    roles: tuple[Role, ...] = ()  # as a recipient
    on_duty: tuple[Role, ...] = ()  # for its area, without a relationship
    desk: Role | None = None  # the role that publishes
    publisher: bool = False
    deputy_of: OrganisationId | None = None  # asked where a conflict shuts that body's own route
    stands_in_for: tuple[Agency, ...] = ()  # in its area, where there is no deputy, or no school
    jurisdiction: str = "GB-ENG"  # whose law binds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership:
    """Everybody in the directory."""

    organisations: Mapping[OrganisationId, Organisation]
    people: Sequence[Person] = field(default=())
    when_unchecked: frozenset[Role] = frozenset()  # who hears while policies cannot be evaluated

    @property
    def publishers(self) -> tuple[OrganisationId, ...]:
        return tuple(each.id for each in self.organisations.values() if each.publisher)

    @property
    def recipients(self) -> tuple[OrganisationId, ...]:
        return tuple(each.id for each in self.organisations.values() if each.roles or each.on_duty)

    def directory(self) -> Directory:
        """What deciding needs of it."""
        duty: dict[str, list[Recipient]] = defaultdict(list)
        for each in self.organisations.values():
            duty[each.area] += [
                Recipient(organisation=each.id, role=role, agency=each.agency)
                for role in each.on_duty
            ]
        bodies = {
            each.id: Body(
                agency=each.agency,
                area=each.area,
                desk=each.desk,
                jurisdiction=each.jurisdiction,
                roles=frozenset({*each.roles, *each.on_duty, *self._speaking(each.id)}),
            )
            for each in self.organisations.values()
        }
        by_area: dict[str, list[Recipient]] = defaultdict(list)
        for each in self.organisations.values():
            by_area[each.area] += [
                Recipient(organisation=each.id, role=role, agency=each.agency)
                for role in each.roles
            ]
        deputies: dict[OrganisationId, list[OrganisationId]] = defaultdict(list)
        stand_ins: dict[tuple[str, Agency], list[OrganisationId]] = defaultdict(list)
        for each in self.organisations.values():
            if each.deputy_of is not None:
                deputies[each.deputy_of].append(each.id)
            for agency in each.stands_in_for:
                stand_ins[each.area, agency].append(each.id)
        return Directory(
            bodies=bodies,
            on_duty=dict(duty),
            by_area=dict(by_area),
            deputies=dict(deputies),
            stand_ins=dict(stand_ins),
            when_unchecked=self.when_unchecked,
        )

    def _speaking(self, organisation: OrganisationId) -> set[Role]:
        """The roles of its people: what they say about sharing, they say in these."""
        here = (each for each in self.people if each.organisation == organisation)
        return {each.role for each in here if each.role is not None}

    def owners(self) -> dict[str, tuple[OrganisationId, Lane]]:
        """Whose each topic that the broker reads is, and its lane."""
        owned = {
            concerns_topic(each, lane): (each, lane) for each in self.publishers for lane in Lane
        }
        owned |= {quarantine_topic(each): (each, Lane.ROUTINE) for each in self.publishers}
        return owned | {receipts_in_topic(each): (each, Lane.ROUTINE) for each in self.recipients}

    def on_duty(self) -> dict[str, Contact]:
        """By area, whom anybody there may ring: the hub, which is the first on duty."""
        found: dict[str, Contact] = {}
        for each in self.organisations.values():
            if each.on_duty:
                found.setdefault(each.area, each.contact)
        return found

    def contacts(self) -> dict[OrganisationId, dict[str, str]]:
        """Whom to ring at each organisation, as a cover says it."""
        return {
            each.id: {
                "organisation": each.name,
                "role": each.contact.role,
                "telephone": each.contact.telephone,
                "hours": each.contact.hours,
            }
            for each in self.organisations.values()
        }


def read_partnership(path: Path) -> Partnership:
    """Raises Misconfigured, naming the entry that is wrong."""
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misconfigured("no_directory", f"{path}: set BROKER_DIRECTORY to a file") from None
    except yaml.YAMLError as error:
        raise Misconfigured("directory_not_yaml", f"{path}: {error}") from None
    organisations = {}
    for entry in written.get("organisations", []):
        made = _entry(path, entry, _organisation)
        organisations[made.id] = made
    for made in organisations.values():
        if made.deputy_of is not None and made.deputy_of not in organisations:
            detail = f"{path}: {made.id}: deputy_of {made.deputy_of}: not in the directory"
            raise Misconfigured("directory_entry", detail)
    people = [
        _entry(path, entry, lambda entry: _person(entry, organisations))
        for entry in written.get("people", [])
    ]
    return Partnership(
        organisations=organisations,
        people=people,
        when_unchecked=_when_unchecked(path, written.get("when_unchecked", [])),
    )


def _when_unchecked(path: Path, named: Any) -> frozenset[Role]:
    try:
        return frozenset(map(Role, named))
    except (ValueError, TypeError) as error:
        detail = f"{path}: when_unchecked: {error}: write a list of {', '.join(Role)}"
        raise Misconfigured("directory_entry", detail) from None


def _entry(path: Path, entry: Any, made: Any) -> Any:
    try:
        return made(entry)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        name = entry.get("id", entry) if isinstance(entry, dict) else entry
        detail = f"{path}: {name}: {type(error).__name__} {error}"
        raise Misconfigured("directory_entry", detail) from None


def _organisation(entry: Mapping[str, Any]) -> Organisation:
    return Organisation(
        id=OrganisationId(entry["id"]),
        name=entry["name"],
        agency=Agency(entry["agency"]),
        area=entry["area"],
        contact=_contact(entry["contact"], entry["name"]),
        roles=tuple(map(Role, entry.get("roles", ()))),
        on_duty=tuple(map(Role, entry.get("on_duty", ()))),
        desk=Role(entry["desk"]) if entry.get("desk") else None,
        publisher=bool(entry.get("publisher", False)),
        deputy_of=OrganisationId(entry["deputy_of"]) if entry.get("deputy_of") else None,
        stands_in_for=tuple(map(Agency, entry.get("stands_in_for", ()))),
        jurisdiction=entry.get("jurisdiction", "GB-ENG"),
    )


def _contact(entry: Mapping[str, Any], organisation: str) -> Contact:
    return Contact(
        role=entry["role"],
        telephone=entry["telephone"],
        name=entry.get("name", ""),
        organisation=organisation,
        hours=entry.get("hours", ""),
    )


def _person(
    entry: Mapping[str, Any], organisations: Mapping[OrganisationId, Organisation]
) -> Person:
    body = organisations[OrganisationId(entry["organisation"])]
    role = entry.get("role")
    contact = entry.get("contact")
    return Person(
        id=PersonId(entry["id"]),
        name=entry["name"],
        organisation=body.id,
        organisation_name=body.name,
        agency=body.agency,
        role=Role(role) if role and role != "operator" else None,
        area=body.area,
        contact=_contact(contact, body.name) if contact else body.contact,
        offices=frozenset(map(Office, entry.get("offices", ()))),
    )
