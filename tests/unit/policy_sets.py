"""A policy set with few policies, so that whatever is done with it is quick; and approvers."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.domain.directory_keys import Period
from broker.domain.ids import PolicyVersion
from broker.domain.words import Category
from broker.keys import verifier
from broker.policy.publication import Approver, approved, files_of, opened, published

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BEFORE = PolicyVersion("a" * 64)
_KEPT = (
    "restrictions/sealed.cedar",
    "restrictions/conflict-of-interest.cedar",
    "own/own-concern.cedar",
    "matrix/default_matrix.json",
    "schema.cedarschema",
    "invariants/a-sealed-concern-is-told-to-nobody.yaml",
)


def small_set(into: Path) -> Path:
    """Two forbids and the permit of one's own concern; with what else a set must have."""
    shipped = Path(str(files("policies")))
    rules = [file.name for file in shipped.glob("*.yaml")]
    for name in (*_KEPT, *rules):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped / name, into / name)
    told = {category.value: "full" for category in Category}
    asked = {"role": "gp", "level": "early_help", "own": True}
    _case(into, "a desk sees its own concern", asked, told, "own-concern-full")
    _case(into, "nobody sees it sealed", {**asked, "sealed": True}, {}, "forbid-sealed")
    conflict = "forbid-conflict-of-interest"
    _case(into, "nobody sees it in conflict", {**asked, "conflict": True}, {}, conflict)
    return into


def _case(
    into: Path, sentence: str, question: Mapping[str, object], told: Mapping[str, str], policy: str
) -> None:
    file = into / f"cases/{sentence.replace(' ', '-')}.json"
    file.parent.mkdir(exist_ok=True)
    written = {"question": question, "extents": told, "because": [policy]}
    file.write_text(json.dumps(written, indent=1))


@dataclass(frozen=True)
class Person:
    """Somebody with a key, and what the list of approvers says of them."""

    id: str
    secret: Ed25519PrivateKey

    def approver(self, period: Period | None = None) -> Approver:
        public = self.secret.public_key().public_bytes_raw()
        since = datetime(2026, 1, 1, tzinfo=UTC)
        return Approver(
            id=self.id,
            name=self.id,
            period=period or Period(since=since),
            public=public,
            checks=verifier(public),
        )


def person(name: str) -> Person:
    """The same name always with the same key."""
    return Person(name, Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")))


ANN, BEA, CAL = person("ann"), person("bea"), person("cal")
APPROVERS = {each.id: each.approver() for each in (ANN, BEA, CAL)}


def waiting(
    folder: Path,
    *,
    author: str = "dot",
    previous: PolicyVersion = BEFORE,
    since: datetime = NOW,
    until: datetime | None = None,
) -> bytes:
    """A bundle that nobody has approved yet."""
    return published(
        files_of(folder),
        author=author,
        since=since,
        until=until,
        previous=previous,
        report={"cases": 3},
    )


def signed(raw: bytes, *people: Person) -> bytes:
    for each in people:
        raw = approved(opened(raw), each.approver(), each.secret.sign, NOW)
    return raw
