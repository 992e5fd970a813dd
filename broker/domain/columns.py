"""Values from a row of the store, by the names of its columns."""

from collections.abc import Mapping
from typing import Any

from broker.domain.decision import Because, Ruling
from broker.domain.ids import NotificationId, OrganisationId, PolicyId, PolicyVersion, SubjectId
from broker.domain.kept import Kept
from broker.domain.known import Match, MatchState
from broker.domain.words import Category, EventType, Extent, Level

Row = Mapping[str, Any]


def kept_in(row: Row, made: str) -> Kept:
    """The notification of that id, which not every row holds under the same name."""
    return Kept(
        id=NotificationId(made),
        publisher=OrganisationId(row["publisher"]),
        type=EventType(row["type"]),
        received=row["received"],
        subject_key=row["wrapped"],
        wrapped_key=row["wrapped_key"],
        body=row["body"],
    )


def match_in(row: Row) -> Match:
    return Match(
        subject=SubjectId(row["subject"]),
        state=MatchState(row["match"]),
        why=row["match_why"],
        doubted=frozenset(map(SubjectId, row["doubted"])),
    )


def ruling_in(row: Row, level: str) -> Ruling:
    """What was decided, without the lawful bases and what was overruled."""
    return Ruling(
        extents={Category(name): Extent(each) for name, each in row["extents"].items()},
        because={
            Category(name): Because(
                permits=tuple(map(PolicyId, each["permits"])),
                forbids=tuple(map(PolicyId, each["forbids"])),
            )
            for name, each in row["because"].items()
        },
        duties=frozenset(row["duties"]),
        policy=PolicyVersion(row["policy"]),
        level_used=Level(level),
    )
