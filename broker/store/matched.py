"""Rows about a doubtful match as values: the records opened, the evidence, what was answered."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from broker.domain.identity import Comparison, KeptProfile, Line, Profile, SubjectKind, Weighed
from broker.domain.ids import OrganisationId, PersonId, SubjectId
from broker.domain.kept import Kept
from broker.domain.notification import Notification
from broker.domain.review import EarlierAnswer, ReviewAnswer
from broker.domain.words import Level
from broker.identity import profile_from
from broker.identity.verdict import SHOWN
from broker.ports import Custody
from broker.reviewing import Record, shown
from broker.store.kept import kept

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How what is sealed is read. `weigh`: one concern against what is held of a candidate."""

    custody: Custody
    notification: Callable[[Kept], Notification]
    weigh: Callable[[Kept, Profile], Weighed]

    def record(self, row: Row, concerns: Sequence[Row]) -> Record:
        """A row of `records`, with the concerns about it."""
        held = KeptProfile(
            subject=SubjectId(row["id"]),
            kind=SubjectKind(row["kind"]),
            provisional=row["state"] == "provisional",
            doubted=frozenset(map(SubjectId, row["doubted"])),
            apart=frozenset(map(SubjectId, row["apart"])),
            hidden_from=frozenset(map(SubjectId, row["hidden_from"])),
            twin=False,
            version=row["version"],
            wrapped_key=row["wrapped_key"],
            body=row["body"],
        )
        text = self._revealed(row)
        return Record(
            profile=profile_from(text, held),
            protected=row["protected"],
            household=row["household"],
            concerns=[
                self.notification(_kept(each)) for each in concerns if each["subject"] == row["id"]
            ],
        )

    def doubt(
        self,
        row: Row,
        records: Sequence[Row],
        concerns: Sequence[Row],
        evidence: Mapping[SubjectId, Weighed],
        answers: Sequence[Row],
    ) -> "Doubt":
        """Rows of `queue`, `records`, `concerns` and `answers` as what is before a person."""
        by_id = {SubjectId(each["id"]): each for each in records}
        subject = SubjectId(row["subject"])
        called = _called(records, row["doubted"])
        called.pop(subject, None)  # who was it all along, and is it by now
        asked = self.record(by_id[subject], concerns)
        newest = next((each for each in concerns if each["subject"] == subject), None)
        ordered = [
            self.record(by_id[each], concerns)
            for each in _ranked(evidence, called)
            if each in by_id
        ]
        seen = shown(asked.profile, ordered)[:SHOWN]
        named = {each.profile.subject: called[each.profile.subject] for each in seen}
        return Doubt(
            row=row,
            asked=asked,
            candidates=[(each, self._said_of(each, named, evidence, newest)) for each in seen],
            called=named,
            answers=self.answers(answers),
            keys={subject: bytes(each["wrapped"]) for subject, each in by_id.items()},
        )

    def _said_of(
        self,
        held: Record,
        called: Mapping[SubjectId, Sequence[SubjectId]],
        evidence: Mapping[SubjectId, Weighed],
        newest: Row | None,
    ) -> Weighed:
        """As written down when it came; else the newest concern is weighed now."""
        subject = held.profile.subject
        written = [evidence[each] for each in called[subject] if each in evidence]
        if written:
            return replace(max(written, key=lambda each: each.bits), subject=subject)
        if newest is not None:
            return self.weigh(_kept(newest), held.profile)
        return Weighed(subject=subject, lines=(), bits=0.0, forename=0, birth=0, identifier="none")

    def answers(self, rows: Sequence[Row]) -> list[EarlierAnswer]:
        return [
            EarlierAnswer(
                answer=ReviewAnswer(row["answer"]),
                other=None if row["other"] is None else SubjectId(row["other"]),
                person=PersonId(row["person"]),
                organisation=OrganisationId(row["organisation"]),
                counts=row["counts"],
                words=json.loads(self._revealed(row))["words"],
                at=row["at"],
            )
            for row in rows
        ]

    def words(self, said: str, subject_key: bytes) -> Row:
        content = json.dumps({"words": said}).encode()
        wrapped, body = self.custody.keep(content, subject_key=subject_key)
        return {"wrapped_key": wrapped, "body": body}

    def _revealed(self, row: Row) -> str:
        return self.custody.reveal(
            subject_key=row["wrapped"], wrapped_key=row["wrapped_key"], body=row["body"]
        ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """
    Two or more records before a person. `called`: of each candidate the ids under which it was
    doubted, since one may have been joined to another meanwhile; `keys`: each subject's, wrapped.
    """

    row: Row
    asked: Record
    candidates: Sequence[tuple[Record, Weighed]]
    called: Mapping[SubjectId, Sequence[SubjectId]]
    answers: Sequence[EarlierAnswer]
    keys: Mapping[SubjectId, bytes] = field(repr=False)

    @property
    def subject(self) -> SubjectId:
        """The provisional one."""
        return SubjectId(self.row["subject"])

    def named(self, others: Sequence[SubjectId]) -> list[SubjectId]:
        """These candidates by the ids under which they were doubted."""
        return sorted({each for other in others for each in self.called[other]})

    def all_named(self) -> list[SubjectId]:
        """Whoever is shown, and whoever is not because a person has kept them apart before."""
        profile = self.asked.profile
        return sorted({*self.named([*self.called]), *(profile.doubted & profile.apart)})


def evidence_from(rows: Sequence[Row]) -> dict[SubjectId, Weighed]:
    """The newest about each candidate; rows of `evidence`, the newest first."""
    found: dict[SubjectId, Weighed] = {}
    for row in rows:
        for each in row["evidence"]:
            found.setdefault(SubjectId(each["subject"]), _weighed(each))
    return found


def level_of(row: Row) -> Level:
    """The highest of the concerns in doubt: the newest does not hide an earlier emergency."""
    return max((Level(each) for each in row["levels"]), key=list(Level).index)


def _called(rows: Sequence[Row], doubted: Sequence[str]) -> dict[SubjectId, list[SubjectId]]:
    found: dict[SubjectId, list[SubjectId]] = defaultdict(list)
    for row in rows:
        if row["named"] in doubted:
            found[SubjectId(row["id"])].append(SubjectId(row["named"]))
    return found


def _ranked(
    weighed: Mapping[SubjectId, Weighed], called: Mapping[SubjectId, Sequence[SubjectId]]
) -> list[SubjectId]:
    """As a verdict ranks them; those about whom nothing was written down come last."""
    best = {
        subject: max((weighed[each].bits for each in ids if each in weighed), default=None)
        for subject, ids in called.items()
    }
    return sorted(best, key=lambda each: (best[each] is None, -(best[each] or 0.0), each))


def _weighed(said: Mapping[str, Any]) -> Weighed:
    return Weighed(
        subject=SubjectId(said["subject"]),
        lines=[Line(Comparison(each[0]), each[1], each[2]) for each in said["lines"]],
        bits=said["bits"],
        forename=said["forename"],
        birth=said["birth"],
        identifier=said["identifier"],
        rule=said["rule"],
        guards=tuple(said["guards"]),
    )


def _kept(row: Row) -> Kept:
    columns = ("id", "publisher", "type", "received", "wrapped", "wrapped_key", "body")
    return kept([row[name] for name in columns])
