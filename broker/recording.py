"""
What a batch of outcomes leaves behind, as rows: subjects first met, the inbox, rulings, decisions,
the outbox, alerts, and one leaf for the ledger for each thing that happened.

No I/O: salts, ids and keys come from `fresh`. The transaction writes the rows as they are.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from broker.domain.batch import Disclosure, Genuine, Outcome, Refusal
from broker.domain.decision import Decision, Question, Ruling, question_fields
from broker.domain.ids import AlertId, OrganisationId, PolicyVersion
from broker.domain.known import Known, MatchState, Rules
from broker.domain.rows import Row, Rows
from broker.domain.words import EventType, RelationshipKind
from broker.ledger.entry import commitment, leaf_bytes
from broker.ports import Custody


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Random values, made at the edge so that a test can repeat them."""

    salt: Callable[[], bytes]  # 32 bytes
    alert: Callable[[], AlertId]


@dataclass(slots=True)
class _Sheet:
    """The rows as they grow; `rows()` freezes them."""

    subject: list[Row] = field(default_factory=list)
    subject_key: list[Row] = field(default_factory=list)
    identifier: list[Row] = field(default_factory=list)
    allow_list: list[Row] = field(default_factory=list)
    inbox: list[Row] = field(default_factory=list)
    ruling: dict[str, Row] = field(default_factory=dict)
    decision: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    alert: list[Row] = field(default_factory=list)
    leaf_waiting: list[Row] = field(default_factory=list)
    relationship: list[Row] = field(default_factory=list)
    relationship_end: list[Row] = field(default_factory=list)

    def rows(self) -> Rows:
        return Rows(
            subject=self.subject,
            subject_key=self.subject_key,
            identifier=self.identifier,
            allow_list=self.allow_list,
            inbox=self.inbox,
            ruling=list(self.ruling.values()),
            decision=self.decision,
            outbox=self.outbox,
            alert=self.alert,
            leaf_waiting=self.leaf_waiting,
            relationship=self.relationship,
            relationship_end=self.relationship_end,
        )


def rows_from(
    outcomes: Sequence[Outcome],
    known: Known,
    *,
    policy: PolicyVersion,
    rules: Rules,
    custody: Custody,
    chance: Chance,
) -> Rows:
    """Every row that these outcomes leave behind, each exactly once."""
    sheet = _Sheet()
    keys = dict(known.subject_keys)
    for outcome in outcomes:
        if outcome.match.subject not in keys:
            keys[outcome.match.subject] = _meet(outcome, sheet, custody, known.now)
        key = keys[outcome.match.subject]
        _learn(outcome, sheet)
        _relate(outcome, sheet, rules, known.now)
        _keep(outcome, key, sheet, custody, known.now)
        record = _Record(outcome, key, sheet, custody, chance, policy, known.now)
        accepted = record.leaf("received", _received(outcome))
        sheet.outbox.append(_accepted(outcome.genuine, accepted, known.now))
        for result in outcome.results:
            _decided(result, outcome, record)
    return sheet.rows()


def _meet(outcome: Outcome, sheet: _Sheet, custody: Custody, now: datetime) -> bytes:
    """A subject seen for the first time; provisional until a person says who it is, if in doubt."""
    asked, match = outcome.genuine.asked, outcome.match
    certain = match.state is MatchState.NEW and bool(asked.identifiers)
    state = "confirmed" if certain else "provisional"
    notification = outcome.genuine.notification
    kind = _subject_kind(notification.claims)
    protected = notification.routing.location_protected
    sheet.subject.append(
        (match.subject, kind, state, None, protected, asked.forename, asked.birth_date, now)
    )
    key = custody.new_subject_key()
    sheet.subject_key.append((match.subject, key))
    return key


def _subject_kind(claims: Mapping[str, object]) -> str:
    summary = claims.get("identity.summary")
    kind = summary.get("subject_kind") if isinstance(summary, dict) else None
    return kind if isinstance(kind, str) else "child"


def _learn(outcome: Outcome, sheet: _Sheet) -> None:
    """Identifiers of a certain match, and who may know where a protected child is."""
    notification, subject = outcome.genuine.notification, outcome.match.subject
    if outcome.match.state is not MatchState.NEEDS_PERSON:
        sheet.identifier += [
            (digest, subject, notification.id) for digest in outcome.genuine.asked.identifiers
        ]
    if notification.routing.location_protected:
        listed = notification.routing.allow_list | {notification.publisher}
        sheet.allow_list += [(subject, each, notification.id) for each in sorted(listed)]


def _relate(outcome: Outcome, sheet: _Sheet, rules: Rules, now: datetime) -> None:
    """A relationship that a publisher says holds, or has ended; its row is never removed."""
    notification = outcome.genuine.notification
    fact = notification.claims.get("fact")
    if notification.type is not EventType.RELATIONSHIP_CHANGED or not isinstance(fact, dict):
        return
    named = (fact.get("organisation"), fact.get("role"), fact.get("relationship"))
    if None in named or named[2] == "attended":  # an attendance opens nothing
        return
    if notification.agency not in rules.stated_by[RelationshipKind(str(named[2]))]:
        return  # it stands in the inbox, and opens nobody's row
    since, until = _instant(fact.get("from")) or now, _instant(fact.get("until"))
    if fact.get("withdrawn") is True or until is not None:
        sheet.relationship_end.append((until or now, outcome.match.subject, *named))
    else:
        subject, source = outcome.match.subject, f"{notification.publisher} {notification.id}"
        sheet.relationship.append((subject, *named, since, None, source))


def _instant(moment: object) -> datetime | None:
    """A moment of the schema as an instant; a partial date as its first."""
    if not isinstance(moment, str):
        return None
    whole = moment + "-01-01"[len(moment) - 4 :] if len(moment) < len("2026-01-01") else moment
    found = datetime.fromisoformat(whole)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _keep(outcome: Outcome, key: bytes, sheet: _Sheet, custody: Custody, now: datetime) -> None:
    """The inbox row: the token once, encrypted under its subject's key."""
    genuine, match = outcome.genuine, outcome.match
    notification = genuine.notification
    wrapped, body = custody.keep(notification.token.encode(), subject_key=key)
    candidates = [
        f"{result.decision.recipient.organisation} {result.decision.recipient.role.value}"
        for result in outcome.results
    ]
    sheet.inbox.append(
        (
            notification.publisher,
            notification.id,
            notification.type.value,
            notification.thread,
            notification.lane.value,
            notification.level.value,
            match.subject,
            match.state.value,
            match.why,
            notification.reference,
            notification.routing.correlation,
            candidates,
            genuine.token_sha256,
            wrapped,
            body,
            genuine.topic,
            genuine.partition,
            genuine.offset,
            notification.issued,
            now,
        )
    )


def _received(outcome: Outcome) -> dict[str, object]:
    genuine = outcome.genuine
    return {
        "notification": genuine.notification.id,
        "publisher": genuine.notification.publisher,
        "token": genuine.token_sha256.hex(),
        "match": outcome.match.state.value,
        "subject": outcome.match.subject,
    }


def _accepted(genuine: Genuine, commit: bytes, now: datetime) -> Row:
    """The broker's accepted receipt waits in the outbox like a disclosure, to the publisher."""
    notification = genuine.notification
    return (
        "accepted",
        f"accepted {notification.publisher} {notification.id}",
        None,
        notification.publisher,
        notification.id,
        notification.publisher,
        notification.lane.value,
        [],
        [],
        notification.publisher,
        commit,
        now,
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """Writes leaves about one notification: what is logged says nothing without its record."""

    outcome: Outcome
    key: bytes = field(repr=False)
    sheet: _Sheet
    custody: Custody
    chance: Chance
    policy: PolicyVersion
    now: datetime

    def leaf(
        self,
        kind: str,
        record: Mapping[str, object],
        *,
        reference: str | None = None,
        organisation: OrganisationId | None = None,
        disclosure: str | None = None,
    ) -> bytes:
        """One leaf; returns its commitment. The record and salt go under the subject's key."""
        notification = self.outcome.genuine.notification
        salt = self.chance.salt()
        commit = commitment(salt, record)
        entry = leaf_bytes(
            kind=kind,
            at=self.now,
            organisations=(notification.publisher, *((organisation,) if organisation else ())),
            references=(notification.id, *((reference,) if reference else ())),
            policy=self.policy,
            commit=commit,
        )
        sealed = json.dumps({"salt": salt.hex(), "record": record}).encode()
        wrapped, body = self.custody.keep(sealed, subject_key=self.key)
        subject = self.outcome.match.subject
        self.sheet.leaf_waiting.append((entry, disclosure, organisation, subject, wrapped, body))
        return commit


def _decided(result: Disclosure | Refusal, outcome: Outcome, record: _Record) -> None:
    decision = result.decision
    ruling = ruling_id(decision.candidate.question, decision.ruling.policy)
    sheet, notification = record.sheet, outcome.genuine.notification
    if ruling not in sheet.ruling:
        sheet.ruling[ruling] = ruling_row(ruling, decision.candidate.question, decision.ruling)
    told = isinstance(result, Disclosure)
    sheet.decision.append(
        (
            result.decision_id,
            notification.publisher,
            notification.id,
            outcome.match.subject,
            decision.recipient.organisation,
            decision.recipient.role.value,
            decision.candidate.why,
            ruling,
            "disclosed" if told else "refused",
            None if isinstance(result, Disclosure) else result.ground,
            record.now,
        )
    )
    commit = record.leaf(
        "decided",
        {
            "decision": result.decision_id,
            "recipient": f"{decision.recipient.organisation} {decision.recipient.role.value}",
            "ruling": ruling,
            "disclosed": told,
            "claims": list(result.claims) if isinstance(result, Disclosure) else [],
        },
        reference=result.decision_id,
        organisation=decision.recipient.organisation,
        disclosure=result.id if isinstance(result, Disclosure) else None,
    )
    if isinstance(result, Disclosure):
        _disclosed(result, decision, outcome, commit, record)


def _disclosed(
    result: Disclosure, decision: Decision, outcome: Outcome, commit: bytes, record: _Record
) -> None:
    notification, sheet = outcome.genuine.notification, record.sheet
    organisation = decision.recipient.organisation
    sheet.outbox.append(
        (
            "disclosure",
            result.id,
            result.decision_id,
            notification.publisher,
            notification.id,
            organisation,
            notification.lane.value,
            list(result.claims),
            [category.value for category in result.held],
            result.ring,
            commit,
            record.now,
        )
    )
    sheet.alert.append(
        (
            record.chance.alert(),
            result.id,
            organisation,
            decision.recipient.role.value,
            outcome.match.subject,
            notification.publisher,
            notification.id,
            decision.ruling.level_used.value,
            result.must_see,
            record.now,
        )
    )


@lru_cache(maxsize=10_000)
def ruling_id(question: Question, policy: PolicyVersion) -> str:
    """SHA-256 over the policy version and the question, since these two determine the ruling."""
    asked = json.dumps(question_fields(question), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{policy}\n{asked}".encode()).hexdigest()


def ruling_row(made: str, question: Question, ruling: Ruling) -> Row:
    extents = {category.value: extent.value for category, extent in ruling.extents.items()}
    because = {
        category.value: {"permits": list(reasons.permits), "forbids": list(reasons.forbids)}
        for category, reasons in ruling.because.items()
    }
    return (
        made,
        ruling.policy,
        ruling.level_used.value,
        json.dumps(question_fields(question)),
        json.dumps(extents),
        json.dumps(because),
        sorted(ruling.duties),
    )
