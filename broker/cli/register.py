"""`broker register`: children whom the partnership knows already, and who has to do with them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from broker.app import clock
from broker.app.parts import custody, matching
from broker.domain.identity import Profile
from broker.domain.ids import SubjectId
from broker.domain.rows import Row
from broker.domain.words import RelationshipKind, Role
from broker.errors import Misconfigured
from broker.identity import Matching
from broker.identity.appearance import appearance_from
from broker.identity.profile import registered
from broker.identity.profile_text import text_from
from broker.partnership import Partnership, read_partnership
from broker.ports import Custody
from broker.settings import Settings
from broker.store.register import write_register

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def app() -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="The register of subjects.")

    @commands.callback()
    def _register() -> None:
        """Keeps `load` a command of its own."""

    commands.command()(load)
    return commands


def load(files: Annotated[list[Path], typer.Argument(help="YAML files of families.")]) -> None:
    """Bring in children, their identifiers, their relationships. Harmless when repeated."""
    settings = Settings()
    partnership = read_partnership(settings.directory)
    sheet = _Sheet(partnership, matching(settings, partnership), custody(settings.keys), clock())
    for file in files:
        for family in yaml.safe_load(file.read_text(encoding="utf-8"))["families"]:
            try:
                sheet.live_together([sheet.add(child) for child in family["children"]])
            except (KeyError, ValueError, TypeError) as error:
                name = f"{file}: family {family.get('name', '?')}"
                raise Misconfigured("register_entry", f"{name}: {error}") from None
    new = write_register(
        settings.database.get_secret_value(),
        subjects=sheet.subjects,
        subject_keys=sheet.subject_keys,
        registered=sheet.registered,
        profiles=sheet.profiles,
        blocking_keys=sheet.blocking_keys,
        households=sheet.households,
        born_alike=sheet.born_alike,
        relationships=sheet.relationships,
        allow_lists=sheet.allow_lists,
    )
    typer.echo(f"{new} children brought in")


def _claims(child: Mapping[str, Any]) -> dict[str, Any]:
    """One child of the file as a notification would say who it is."""
    named = ("given_name", "family_name", "birth_date", "expected_birth_date", "sex")
    said = {each: str(child[each]) for each in named if each in child}
    whole = ("address", "telephone", "other_names")
    return {
        "routing": {"location_protected": bool(child.get("protected", False))},
        "identity.summary": {
            "known": "identified",
            "subject_kind": child.get("kind", "child"),
            **said,
        },
        "identity.full": {
            **{each: child[each] for each in whole if each in child},
            "identifiers": [{"assurance": "verified", **each} for each in child["identifiers"]],
        },
        **({"family.full": {"people": child["carers"]}} if child.get("carers") else {}),
    }


class _Sheet:
    """The rows as they grow."""

    def __init__(
        self, partnership: Partnership, matching: Matching, custody: Custody, now: datetime
    ) -> None:
        self._partnership, self._matching, self._custody = partnership, matching, custody
        self._now = now
        self.subjects: list[Row] = []
        self.subject_keys: list[Row] = []
        self.registered: list[Row] = []
        self.profiles: list[Row] = []
        self.blocking_keys: list[Row] = []
        self.households: list[Row] = []
        self.born_alike: list[Row] = []
        self.relationships: list[Row] = []
        self.allow_lists: list[Row] = []

    def add(self, child: Mapping[str, Any]) -> Profile:
        asked = appearance_from(_claims(child), self._now.date())
        number = child["identifiers"][0]
        named = f"{number['system']} {number.get('issuer', '')} {number['value']}".encode()
        subject = SubjectId(f"s_{hashlib.sha256(b'register ' + named).hexdigest()[:26]}")
        kind, area = child.get("kind", "child"), child.get("area")
        protected = bool(child.get("protected", False))
        self.subjects.append((subject, kind, "confirmed", area, protected, [], self._now))
        key = self._custody.new_subject_key()
        self.subject_keys.append((subject, key))
        profile = registered(subject, asked)
        body = self._custody.keep(text_from(profile).encode(), subject_key=key)
        self.registered.append((subject, *body))
        self.profiles.append((subject, 1, *body))
        self.blocking_keys += [
            (value, subject, restricted)
            for value, restricted in self._matching.held_under(profile).items()
        ]
        self.relationships += [self._relationship(subject, each) for each in child["relationships"]]
        self.allow_lists += [
            (subject, organisation, "register") for organisation in child.get("allow_list", [])
        ]
        return replace(profile, restricted=protected)

    def live_together(self, children: Sequence[Profile]) -> None:
        """A family is a household, unless where one of them lives is protected."""
        if len(children) < 2 or any(each.restricted for each in children):  # noqa: PLR2004
            return
        household = f"h_{children[0].subject.removeprefix('s_')}"
        self.households += [(household, each.subject, "register", self._now) for each in children]
        self.born_alike += [
            tuple(sorted((one.subject, other.subject)))
            for one, other in combinations(children, 2)
            if one.birth is not None and one.birth == other.birth
        ]

    def _relationship(self, subject: str, entry: Mapping[str, Any]) -> Row:
        if entry["organisation"] not in self._partnership.organisations:
            raise ValueError(f"{entry['organisation']} is not in the directory")
        role, kind = Role(entry["role"]), RelationshipKind(entry["kind"])
        since = entry.get("since", _LONG_AGO)
        organisation = entry["organisation"]
        return (
            subject,
            organisation,
            role.value,
            kind.value,
            since,
            entry.get("until"),
            "register",
        )
