"""The rows of one batch as they grow, and the leaves about each notification."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from broker.domain.batch import Genuine
from broker.domain.ids import AlertId, OrganisationId, PolicyVersion, ReviewId, SubjectId
from broker.domain.rows import Row, Rows
from broker.ledger.entry import commitment, leaf_bytes
from broker.ports import Custody


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Random values, made at the edge so that a test can repeat them."""

    salt: Callable[[], bytes]  # 32 bytes
    alert: Callable[[], AlertId]
    review: Callable[[], ReviewId]


@dataclass(slots=True)
class Sheet:
    """The rows as they grow; `rows()` freezes them. Rulings and profiles once each."""

    subject: list[Row] = field(default_factory=list)
    subject_key: list[Row] = field(default_factory=list)
    profile: dict[SubjectId, Row] = field(default_factory=dict)
    blocking_key: list[Row] = field(default_factory=list)
    household_member: list[Row] = field(default_factory=list)
    born_alike: list[Row] = field(default_factory=list)
    standing: list[Row] = field(default_factory=list)
    review: list[Row] = field(default_factory=list)
    unkeyed: list[Row] = field(default_factory=list)
    correction: list[Row] = field(default_factory=list)
    do_not_link: list[Row] = field(default_factory=list)
    redirected: list[Row] = field(default_factory=list)
    relinked: list[Row] = field(default_factory=list)
    moved: list[Row] = field(default_factory=list)
    taken_over: list[Row] = field(default_factory=list)
    allow_list: list[Row] = field(default_factory=list)
    inbox: list[Row] = field(default_factory=list)
    link_decision: list[Row] = field(default_factory=list)
    link: list[Row] = field(default_factory=list)
    ruling: dict[str, Row] = field(default_factory=dict)
    decision: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    alert: list[Row] = field(default_factory=list)
    leaf_waiting: list[Row] = field(default_factory=list)
    relationship: list[Row] = field(default_factory=list)
    relationship_end: list[Row] = field(default_factory=list)
    round: list[Row] = field(default_factory=list)
    superseded: list[Row] = field(default_factory=list)
    protected: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    undecided: list[Row] = field(default_factory=list)

    def rows(self) -> Rows:
        grown = {each.name: getattr(self, each.name) for each in fields(self)}
        once = {"ruling": list(self.ruling.values()), "profile": list(self.profile.values())}
        return Rows(**{**grown, **once})


@dataclass(frozen=True, slots=True)
class Record:
    """Writes leaves about one notification: what is logged says nothing without its record."""

    genuine: Genuine
    subject: SubjectId
    key: bytes = field(repr=False)
    sheet: Sheet
    custody: Custody
    chance: Chance
    policy: PolicyVersion
    facts: int  # of the subject, when this was decided
    now: datetime

    def leaf(
        self,
        kind: str,
        record: Mapping[str, object],
        *,
        reference: str | None = None,
        organisation: OrganisationId | None = None,
        disclosure: str | None = None,
        names_publisher: bool = True,
    ) -> bytes:
        """One leaf; returns its commitment. The record and salt go under the subject's key."""
        notification = self.genuine.notification
        salt = self.chance.salt()
        commit = commitment(salt, record)
        entry = leaf_bytes(
            kind=kind,
            at=self.now,
            organisations=(
                *((notification.publisher,) if names_publisher else ()),
                *((organisation,) if organisation else ()),
            ),
            references=(notification.id, *((reference,) if reference else ())),
            policy=self.policy,
            commit=commit,
        )
        sealed = json.dumps({"salt": salt.hex(), "record": record}).encode()
        wrapped, body = self.custody.keep(sealed, subject_key=self.key)
        row = (entry, disclosure, organisation, self.subject, wrapped, body)
        self.sheet.leaf_waiting.append(row)
        return commit
