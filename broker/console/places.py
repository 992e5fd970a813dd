"""Organisations in plain words: whom somebody can choose, and who is meant. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from broker.console import words
from broker.domain.desk import Person
from broker.domain.ids import OrganisationId, PersonId
from broker.domain.known import Directory
from broker.domain.words import Role

Place = tuple[str, str, str]
"""Organisation, role, and both in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directory, as pages name it."""

    directory: Directory
    names: Mapping[OrganisationId, str]
    people: Mapping[PersonId, Person]

    def of_area(self, person: Person, *, without: Collection[Role]) -> list[Place]:
        """Everybody in the person's area who may be told something, but for their own desk."""
        listed = [
            *self.directory.on_duty.get(person.area, ()),
            *self.directory.by_area.get(person.area, ()),
        ]
        found = {
            (each.organisation, each.role.value): self.called(each.organisation, each.role)
            for each in listed
            if each.role not in without
            and (each.organisation, each.role) != (person.organisation, person.role)
        }
        return [(organisation, role, name) for (organisation, role), name in found.items()]

    def in_area(self, person: Person) -> frozenset[OrganisationId]:
        bodies = self.directory.bodies
        return frozenset(each for each, body in bodies.items() if body.area == person.area)

    def name(self, organisation: str) -> str:
        return self.names.get(OrganisationId(organisation), organisation)

    def called(self, organisation: str, role: str | Role) -> str:
        return f"{self.name(organisation)}, {words.ROLES.get(str(role), str(role))}"

    def recipient(self, named: str) -> str:
        """A recipient as a statement names it: `org:ods:Y99999 gp`, `role:gp`, `org:ods:RYY`."""
        if named.startswith("role:"):
            role = named.removeprefix("role:")
            return f"every {words.ROLES.get(role, role)}"
        organisation, _, role = named.partition(" ")
        return self.called(organisation, role) if role else self.name(organisation)

    def person(self, made_by: str) -> str:
        """By name if the directory knows them, else as their organisation wrote it."""
        known = self.people.get(PersonId(made_by))
        return known.name if known is not None else made_by
