"""Rows of the inbox, outbox and decisions as values."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import TupleRow

from broker.domain.ids import (
    DecisionId,
    DisclosureId,
    NotificationId,
    OrganisationId,
    SubjectId,
    ThreadId,
)
from broker.domain.kept import Kept, KeptConcern, KeptTold, Linked
from broker.domain.known import Match, MatchState
from broker.domain.words import Category, EventType, Role


def kept(row: Sequence[Any]) -> Kept:
    """Id, publisher, type, received, subject key, wrapped key, body."""
    made, publisher, kind, received, subject_key, wrapped_key, body = row
    return Kept(
        id=NotificationId(made),
        publisher=OrganisationId(publisher),
        type=EventType(kind),
        received=received,
        subject_key=bytes(subject_key),
        wrapped_key=bytes(wrapped_key),
        body=bytes(body),
    )


def kept_concern(row: TupleRow) -> KeptConcern:
    """A row of `decided_before`; what was told of it comes from another query."""
    (
        publisher, made, kind, subject, _, received, match, why, doubted, sha256, topic,
        partition, offset, wrapped_key, body, subject_key, last_round,
    ) = row  # fmt: skip
    return KeptConcern(
        kept=kept((made, publisher, kind, received, subject_key, wrapped_key, body)),
        match=Match(
            subject=SubjectId(subject),
            state=MatchState(match),
            why=why,
            doubted=frozenset(map(SubjectId, doubted)),
        ),
        token_sha256=bytes(sha256),
        topic=topic,
        partition=partition,
        offset=offset,
        round=last_round,
        told=(),
    )


def linked(row: TupleRow) -> Linked:
    """A row of `linked`."""
    subject, thread, about, turn, match, why, doubted, disputed = row[7:15]
    return Linked(
        kept=kept(row[:7]),
        subject=SubjectId(subject),
        thread=ThreadId(thread),
        about=ThreadId(about),
        turn=turn,
        match=Match(
            subject=SubjectId(subject),
            state=MatchState(match),
            why=why,
            doubted=frozenset(map(SubjectId, doubted)),
            disputed=frozenset(disputed),
        ),
    )


def kept_told(row: TupleRow) -> KeptTold:
    """A row of `told_of`."""
    _, disclosure, decision, organisation, role, claims, held, waiting, rests, recalled = row
    found: dict[str, Any] = rests or {}
    return KeptTold(
        disclosure=DisclosureId(disclosure),
        decision=DecisionId(decision),
        organisation=OrganisationId(organisation),
        role=Role(role),
        claims=tuple(claims),
        held=tuple(map(Category, held)),
        waiting=waiting,
        rests=found,
        recalled=frozenset(map(Category, recalled)),
    )
