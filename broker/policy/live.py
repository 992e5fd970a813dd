"""
The policies in force, and how others take their place while processes run.

    <folder>/live.bundle               what is live: replaced by one atomic rename
    <folder>/published/<sha256>.bundle every bundle that ever went live, for replays and for proof

A process looks at the file every few seconds. What is corrupted, not approved or not yet in force
never takes the place of what is: the old stay, and the log says so. With no file at all the
policies that ship, or those of a folder, are live.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from broker.domain.decision import Question, Ruling
from broker.domain.ids import PolicyVersion
from broker.domain.known import Rules
from broker.errors import BrokerError, PolicySetInvalid
from broker.policy.bundle import Bundle, read_bundle
from broker.policy.publication import (
    Approvers,
    Manifest,
    Publication,
    opened,
    why_not_approved,
    why_not_in_force,
)
from broker.ports import Policies as Port
from broker.telemetry import say

LIVE = "live.bundle"
_PUBLISHED = "published"
_LOOK_EVERY = timedelta(seconds=2)
_log = logging.getLogger(__name__)


class Prepared(Port, Protocol):
    """A bundle, ready to be asked: the Policies port, with the rules that are data."""

    @property
    def rules(self) -> Rules: ...


Policies = TypeVar("Policies", bound=Prepared)
_State = tuple[int, int, int]  # of the file, so that a change is noticed: inode, size, time


@dataclass(frozen=True, slots=True)
class _Held(Generic[Policies]):
    policies: Policies
    manifest: Manifest | None  # None: no bundle file, so no dates
    bundle: Bundle


class LivePolicies(Generic[Policies]):
    """
    Implements the Policies port with whatever `policies_at` found last. A batch takes that object
    once and asks it alone, so that all its decisions are made under one version.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        otherwise: Traversable | None,
        approvers: Callable[[], Approvers],
        prepare: Callable[[Bundle], Policies],
        now: datetime,
        look_every: timedelta = _LOOK_EVERY,
    ) -> None:
        """Raises PolicySetInvalid: no start with policies that may not be in force."""
        self._folder, self._approvers, self._prepare = folder, approvers, prepare
        self._look_every, self._looked = look_every, now
        self._state = _state(folder)
        self._next: _Held[Policies] | None = None
        if folder is None or self._state is None:
            bundle = read_bundle(otherwise)
            self._held = _Held(prepare(bundle), None, bundle)
        else:
            self._held = self._read(folder, now)
            _require_in_force(self._held, now)

    @property
    def version(self) -> PolicyVersion:
        return self._held.policies.version

    @property
    def rules(self) -> Rules:
        return self._held.policies.rules

    @property
    def bundle(self) -> Bundle:
        return self._held.bundle

    def decide(self, question: Question) -> Ruling:
        return self._held.policies.decide(question)

    def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
        return self._held.policies.decide_all(questions)

    def policies_at(self, now: datetime) -> Policies:
        """
        What is in force at this instant; the same object until that changes. Raises
        PolicySetInvalid when the last day of what is live has passed and nothing follows it.
        """
        if now - self._looked >= self._look_every:
            self._looked = now
            self._look(now)
        if self._next is not None and _in_force(self._next, now):
            self._held, self._next = self._next, None
            say(_log, "other policies are live", version=self.version)
        _require_in_force(self._held, now)
        return self._held.policies

    def _look(self, now: datetime) -> None:
        state = _state(self._folder)
        if self._folder is None or state is None or state == self._state:
            return
        self._state = state
        try:
            self._next = self._read(self._folder, now)
        except BrokerError as why:
            say(_log, "a policy bundle is refused: the old stay live", reason=why.reason)

    def _read(self, folder: Path, now: datetime) -> _Held[Policies]:
        publication = read_publication(folder / LIVE)
        if wrong := why_not_approved(publication, self._approvers(), now):
            raise PolicySetInvalid("bundle_not_approved", "; ".join(wrong))
        bundle = publication.bundle()
        return _Held(self._prepare(bundle), publication.manifest, bundle)


def _in_force(held: _Held[Policies], now: datetime) -> bool:
    return held.manifest is None or not why_not_in_force(held.manifest, now)


def _require_in_force(held: _Held[Policies], now: datetime) -> None:
    if held.manifest is not None and (why := why_not_in_force(held.manifest, now)):
        raise PolicySetInvalid("policies_not_in_force", why)


def _state(folder: Path | None) -> _State | None:
    try:
        found = (folder / LIVE).stat() if folder is not None else None
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found is not None else None


def read_publication(path: Path) -> Publication:
    """Raises PolicySetInvalid if it cannot be read, or is not intact."""
    try:
        return opened(path.read_bytes())
    except OSError as error:
        detail = f"{path}: {type(error).__name__}: name a bundle file"
        raise PolicySetInvalid("policy_file", detail) from None


def activate(
    raw: bytes, folder: Path, *, live: PolicyVersion, approvers: Approvers, now: datetime
) -> Publication:
    """
    Makes a bundle live. Raises PolicySetInvalid, and changes nothing, unless it is intact, approved
    by two, in force now, and made against the version that is live: its report is about that one.
    """
    publication = opened(raw)
    manifest = publication.manifest
    if wrong := why_not_approved(publication, approvers, now):
        raise PolicySetInvalid("bundle_not_approved", "; ".join(wrong))
    unentitled = [
        each.keyid
        for each in publication.envelope.signatures
        if not approvers[each.keyid].period.holds_at(now)
    ]
    if unentitled:
        raise PolicySetInvalid("bundle_not_approved", f"{unentitled[0]} may not approve any more")
    if why := why_not_in_force(manifest, now):
        raise PolicySetInvalid("policies_not_in_force", why)
    if manifest.previous != live:
        raise PolicySetInvalid(
            "bundle_overtaken",
            f"it was made to follow {manifest.previous[:12]}, and {live[:12]} is live: publish it"
            " again, so that its report is about what really changes",
        )
    kept = folder / _PUBLISHED / f"{hashlib.sha256(raw).hexdigest()}.bundle"
    write_whole(kept, raw)
    write_whole(folder / LIVE, raw)
    return publication


def write_whole(path: Path, raw: bytes) -> None:
    """On disk and whole before it has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
