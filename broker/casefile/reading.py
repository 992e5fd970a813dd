"""
From a case file to what deciding takes: the notification, who it is about, and what is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broker.casefile.concern import Place, from_short, notification_of, whole_in
from broker.casefile.statements import heard
from broker.casefile.text import line_of, one_of_lines, shaped, text_of, value_in
from broker.casefile.written import (
    WrittenCase,
    WrittenKnown,
    WrittenOrganisation,
    WrittenShort,
)
from broker.domain.desk import Contact
from broker.domain.ids import OrganisationId, SubjectId
from broker.domain.known import Directory, Known, Match, MatchState, Relationship, Rules
from broker.domain.notification import Notification
from broker.domain.sharing import Statement
from broker.errors import Malformed
from broker.partnership import Organisation, Partnership
from broker.statements import sharing_from

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_THE_SUBJECT, _ANOTHER = SubjectId("s_the_subject_of_the_case"), SubjectId("s_another_subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One concern, and all that counts when it is decided at `known.now`."""

    notification: Notification = field(repr=False)
    match: Match
    known: Known = field(repr=False)
    partnership: Partnership = field(repr=False)

    @property
    def directory(self) -> Directory:
        return self.partnership.directory()


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a part of the case was written, so that an error can say it."""

    name: str
    text: str = field(repr=False)
    written: WrittenCase = field(repr=False)
    place: Place = ("concern",)  # of the concern in it

    def wrong(self, steps: Sequence[int | str], what: str) -> Malformed:
        return Malformed("case_file", f"{self.name}:{line_of(self.text, steps)}: {what}")


def read_case(
    concern: Path,
    known: Path | None = None,
    *,
    partnership: Partnership,
    rules: Rules,
    now: datetime,
    at: datetime | None = None,
) -> Case:
    """
    A concern, and what is known: both of one case file, or from two files. `now` is the instant
    where neither the files nor `at` name one. Raises Malformed: file, line, and what to write.
    """
    first = _read(concern)
    second = _read_known(known) if known is not None else first
    if second is not first and _says_something(first.written):
        raise second.wrong(
            (), f"{first.name} says what is known already: write it in one of the two"
        )
    instant = at or second.written.at or first.written.at or now
    whole = with_organisations(partnership, second.written.known.organisations)
    place, data = _data(first, second, whole, instant)
    notification = _notification(first, place, data, instant)
    if notification.publisher not in whole.organisations:
        raise first.wrong([*place, "iss"], _unlisted(notification.publisher))
    statements = _heard(second, notification, whole, rules)
    _check_known(second, whole)
    return Case(
        notification=notification,
        match=match_of(second.written.known.match),
        known=known_from(second.written.known, statements, instant),
        partnership=whole,
    )


def _read(file: Path) -> _Source:
    """A case file, or a file that is nothing but a concern."""
    name = str(file)
    text = one_of_lines(text_of(file), name)
    written = value_in(text, name)
    if "concern" not in written:
        return _Source(name, text, WrittenCase(concern=written), ())
    return _Source(name, text, shaped(WrittenCase, written, text, name))


def _read_known(file: Path) -> _Source:
    text, name = text_of(file), str(file)
    source = _Source(name, text, shaped(WrittenCase, value_in(text, name), text, name))
    if source.written.concern is not None:
        raise source.wrong(["concern"], "give this file with --concern, or leave concern out")
    return source


def _says_something(written: WrittenCase) -> bool:
    return bool(written.model_fields_set & {"known", "statements"})


def with_organisations(
    partnership: Partnership, more: Iterable[WrittenOrganisation]
) -> Partnership:
    """The directory, with the organisations that the case adds or describes otherwise."""
    return replace(
        partnership,
        organisations={
            **partnership.organisations,
            **{OrganisationId(each.id): _organisation(each) for each in more},
        },
    )


def _organisation(written: WrittenOrganisation) -> Organisation:
    contact = Contact(organisation=written.name, **written.contact.model_dump())
    deputy = written.deputy_of
    return Organisation(
        id=OrganisationId(written.id),
        contact=contact,
        deputy_of=None if deputy is None else OrganisationId(deputy),
        **written.model_dump(exclude={"id", "contact", "deputy_of"}),
    )


def _data(
    source: _Source, known: _Source, partnership: Partnership, at: datetime
) -> tuple[Place, Mapping[str, Any]]:
    """The object before signing, and where it stands."""
    concern, subject = source.written.concern or {}, known.written.known.subject
    try:
        whole = whole_in(concern, source.place)
    except Malformed as why:
        raise source.wrong(source.place, why.detail) from None
    if whole is None:
        short = shaped(WrittenShort, concern, source.text, source.name, under=source.place)
        publisher = partnership.organisations.get(OrganisationId(short.publisher))
        if publisher is None:
            raise source.wrong([*source.place, "publisher"], _unlisted(short.publisher))
        return source.place, from_short(short, subject, publisher.agency, at)
    if subject.kind or subject.birth_date or subject.expected:
        raise known.wrong(
            ["known", "subject"],
            "the concern is whole: write kind and birth date in its identity.summary alone",
        )
    return whole


def _unlisted(organisation: str) -> str:
    return f"{organisation} is not in the directory: write it under known.organisations"


def _notification(
    source: _Source, place: Place, data: Mapping[str, Any], at: datetime
) -> Notification:
    try:
        return notification_of(data, at)
    except Malformed as why:
        path = why.detail.split(":")[0].strip("/").split("/")
        raise source.wrong([*place, *path], why.detail) from None


def _heard(
    source: _Source, concern: Notification, partnership: Partnership, rules: Rules
) -> list[Statement]:
    """Every statement, each judged by those that the broker had before it."""
    said: list[Statement] = []
    written = sorted(
        enumerate(source.written.statements), key=lambda each: each[1].recorded or each[1].made
    )
    for number, each in written:
        try:
            said += heard(
                each,
                said,
                concern=concern,
                partnership=partnership,
                rules=rules,
                number=str(number),
            )
        except Malformed as why:
            what = f"statements.{number}: {why.detail}"
            raise source.wrong(["statements", number], what) from None
    return said


def _check_known(source: _Source, partnership: Partnership) -> None:
    """Everybody named is in the directory: whoever is not could never be a candidate."""
    known = source.written.known
    named: list[tuple[list[int | str], str]] = [
        (["known", "relationships", number, "organisation"], each.organisation)
        for number, each in enumerate(known.relationships)
    ]
    listed = known.protected.allow_list if known.protected else ()
    named += [(["known", "protected", "allow_list"], each) for each in listed]
    named += [(["known", "published_before"], each) for each in known.published_before]
    for steps, organisation in named:
        if OrganisationId(organisation) not in partnership.organisations:
            raise source.wrong(steps, _unlisted(organisation))


def match_of(state: MatchState, subject: SubjectId = _THE_SUBJECT) -> Match:
    """Who the concern is about; with doubt, whom it might be."""
    if state is MatchState.NEEDS_PERSON:
        return Match(subject=_ANOTHER, state=state, why="case", doubted=frozenset({subject}))
    return Match(subject=subject, state=state, why="case")


def known_from(
    written: WrittenKnown,
    statements: Iterable[Statement],
    at: datetime,
    subject: SubjectId = _THE_SUBJECT,
) -> Known:
    """What the broker would have read before deciding at this instant."""
    related = [
        Relationship(
            organisation=OrganisationId(each.organisation),
            role=each.role,
            kind=each.kind,
            since=each.since or _EARLIEST,
            until=each.until,
        )
        for each in written.relationships
    ]
    guarded, area = written.protected, written.subject.area
    return Known(
        now=at.astimezone(UTC),
        unused={},
        relationships={subject: related},
        areas={} if area is None else {subject: area},
        protected={}
        if guarded is None
        else {subject: frozenset(map(OrganisationId, guarded.allow_list))},
        sharing={subject: sharing_from(statements, written.cases_closed)},
        published={subject: frozenset(map(OrganisationId, written.published_before))},
    )
