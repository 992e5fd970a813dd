"""
Who may approve policies: people with a key each, in a file that BROKER_APPROVERS names.

    approvers:
      - id: ann.lee            # the name that a signature carries
        name: Ann Lee
        public: 3d40...        # 32 bytes in hex
        from: 2026-01-01T00:00:00+00:00
        until: ...             # when somebody leaves: their earlier approvals still count
        revoked: ...           # when a key is stolen: nothing that it signed counts from then on

A secret stands in the keys folder, as keys/approvers/<id>, mode 0600; only its owner has it.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from broker.domain.directory_keys import Period
from broker.errors import Misconfigured
from broker.keys import read_secret_file, verifier, write_secret_file
from broker.policy.places import faults_in_yaml
from broker.policy.publication import Approver

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=f"^{_ID.pattern}$")
    name: str
    public: str = Field(pattern="^[0-9a-f]{64}$")
    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime | None = None
    revoked: AwareDatetime | None = None


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    approvers: tuple[_Entry, ...]

    @model_validator(mode="after")
    def nobody_is_two_people(self) -> Self:
        """Two ids with one key would be one person approving twice."""
        ids, keys = ({getattr(e, of) for e in self.approvers} for of in ("id", "public"))
        if len(ids) != len(self.approvers) or len(keys) != len(self.approvers):
            raise ValueError("write each id and each public key once")
        return self


def read_approvers(path: Path) -> dict[str, Approver]:
    """By id. Raises Misconfigured with file, line and what to write."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        detail = f"{path}: name the file of approvers in BROKER_APPROVERS"
        raise Misconfigured("no_approvers", detail) from None
    try:
        listed = _Listed.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        found = faults_in_yaml("approvers_unreadable", str(path), text, error)
        raise Misconfigured("approvers_unreadable", "\n".join(map(str, found))) from None
    return {
        entry.id: Approver(
            id=entry.id,
            name=entry.name,
            period=Period(since=entry.since, until=entry.until, revoked=entry.revoked),
            public=bytes.fromhex(entry.public),
            checks=verifier(bytes.fromhex(entry.public)),
        )
        for entry in listed.approvers
    }


def add_approver(path: Path, *, approver: str, name: str, public: bytes, now: datetime) -> None:
    """One more entry at the end of the file. Raises Misconfigured if it would not read then."""
    if _ID.fullmatch(approver) is None:
        raise Misconfigured("bad_approver", f"{approver!r}: write small letters, digits, . _ -")
    entries = _entries(path)
    if approver in {entry["id"] for entry in entries}:
        raise Misconfigured("approver_known", f"{approver} is in {path} already")
    entry = {"id": approver, "name": name, "public": public.hex(), "from": now.isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    listed = {"approvers": [*entries, entry]}
    draft.write_text(yaml.safe_dump(listed, sort_keys=False, allow_unicode=True), encoding="utf-8")
    read_approvers(draft)
    draft.replace(path)


def _entries(path: Path) -> Sequence[dict[str, str]]:
    if not path.exists():
        return []
    read_approvers(path)
    entries: list[dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))["approvers"]
    return entries


def make_approver_key(keys: Path, approver: str, secret: bytes) -> bytes:
    """Keeps the secret and returns the public half. Raises Misconfigured if there is one."""
    path = _secret_of(keys, approver)
    if path.exists():
        raise Misconfigured("key_there_already", f"{path}: remove it first, if it is lost for good")
    write_secret_file(path, secret)
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def approver_key(keys: Path, approver: str) -> Ed25519PrivateKey:
    """Raises Misconfigured if it is missing or others can read it."""
    secret = read_secret_file(_secret_of(keys, approver), "run `broker policy keys make --as ID`")
    return Ed25519PrivateKey.from_private_bytes(secret)


def _secret_of(keys: Path, approver: str) -> Path:
    if _ID.fullmatch(approver) is None:
        raise Misconfigured("bad_approver", f"{approver!r}: write small letters, digits, . _ -")
    return keys / "approvers" / approver
