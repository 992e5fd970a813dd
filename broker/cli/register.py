"""`broker register`: children whom the partnership knows already, and who has to do with them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from broker.app import clock
from broker.app.parts import custody
from broker.domain.rows import Row
from broker.domain.words import RelationshipKind, Role
from broker.errors import Misconfigured
from broker.identity.normal import fingerprint
from broker.keys import wrapper
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
    sheet = _Sheet(partnership, wrapper(settings.keys).digest, custody(settings.keys), clock())
    for file in files:
        for family in yaml.safe_load(file.read_text(encoding="utf-8"))["families"]:
            for child in family["children"]:
                try:
                    sheet.add(child)
                except (KeyError, ValueError, TypeError) as error:
                    name = f"{file}: family {family.get('name', '?')}"
                    raise Misconfigured("register_entry", f"{name}: {error}") from None
    new = write_register(
        settings.database.get_secret_value(),
        subjects=sheet.subjects,
        subject_keys=sheet.subject_keys,
        identifiers=sheet.identifiers,
        relationships=sheet.relationships,
        allow_lists=sheet.allow_lists,
    )
    typer.echo(f"{new} children brought in")


class _Sheet:
    """The rows as they grow."""

    def __init__(
        self, partnership: Partnership, digest: Any, custody: Custody, now: datetime
    ) -> None:
        self._partnership, self._digest, self._custody = partnership, digest, custody
        self._now = now
        self.subjects: list[Row] = []
        self.subject_keys: list[Row] = []
        self.identifiers: list[Row] = []
        self.relationships: list[Row] = []
        self.allow_lists: list[Row] = []

    def add(self, child: Mapping[str, Any]) -> None:
        claims = {
            "identity.summary": {
                "subject_kind": child.get("kind", "child"),
                "given_name": child["given_name"],
                "birth_date": str(child.get("birth_date", "")),
            },
            "identity.full": {
                "identifiers": [{"assurance": "verified", **each} for each in child["identifiers"]]
            },
        }
        asked = fingerprint(claims, self._digest)
        first = min(asked.identifiers)
        subject = f"s_{hashlib.sha256(b'register' + first).hexdigest()[:26]}"
        kind, area = child.get("kind", "child"), child.get("area")
        protected = bool(child.get("protected", False))
        self.subjects.append(
            (
                subject,
                kind,
                "confirmed",
                area,
                protected,
                asked.forename,
                asked.birth_date,
                self._now,
            )
        )
        self.subject_keys.append((subject, self._custody.new_subject_key()))
        self.identifiers += [(digest, subject, "register") for digest in sorted(asked.identifiers)]
        self.relationships += [self._relationship(subject, each) for each in child["relationships"]]
        self.allow_lists += [
            (subject, organisation, "register") for organisation in child.get("allow_list", [])
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
