"""
A case file as people write it. A key too many is as wrong as one missing: a misspelt `until` would
otherwise leave open what was meant to end.

    concern:     the whole object before signing (alone, in its CloudEvent, or as `broker read`
                 prints it), or the short form below
    known:       what the broker knows about the subject, beside the directory
    statements:  what named persons said about sharing, and when
    at:          the instant for which is decided
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from broker.domain.known import MatchState
from broker.domain.words import (
    STATEMENTS,
    Agency,
    Category,
    ConsentState,
    EventType,
    Level,
    LevelState,
    RelationshipKind,
    Role,
    Urgency,
)

Kind = Literal["child", "unborn", "adult_of_concern"]
PartialDate = Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]


def _is_a_statement(kind: EventType) -> EventType:
    if kind not in STATEMENTS:
        raise ValueError(f"write one of {', '.join(sorted(STATEMENTS))}")
    return kind


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WrittenShort(_Written):
    """
    A concern in short: who, how worried, what kinds of information. The parts of a category that
    is named without them are invented, since what passes depends on none of their words.
    """

    publisher: str
    level: Level
    level_state: LevelState = LevelState.PROPOSED
    urgency: Urgency | None = None
    consent_state: ConsentState = ConsentState.NOT_SOUGHT_IMPRACTICABLE
    categories: tuple[Category, ...] | dict[Category, dict[str, dict[str, Any]] | None]
    routing: dict[str, Any] = {}
    handling: tuple[str, ...] = ()
    reference: str = "case"
    issued: AwareDatetime | None = None  # else the instant for which is decided

    @property
    def parts(self) -> Mapping[Category, dict[str, dict[str, Any]] | None]:
        return (
            self.categories if isinstance(self.categories, dict) else dict.fromkeys(self.categories)
        )

    @model_validator(mode="after")
    def says_who_and_what(self) -> Self:
        if missing := {Category.IDENTITY, Category.NARRATIVE} - set(self.parts):
            raise ValueError(f"write {' and '.join(sorted(missing))} under categories")
        return self


class WrittenSubject(_Written):
    kind: Kind | None = None
    birth_date: PartialDate | None = None
    expected: PartialDate | None = None  # of an unborn child
    area: str | None = None  # where the child lives; else where the publisher is


class WrittenProtected(_Written):
    allow_list: tuple[str, ...]


class WrittenRelationship(_Written):
    organisation: str
    role: Role
    kind: RelationshipKind
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = None


class WrittenContact(_Written):
    role: str = "Safeguarding lead"
    telephone: str = "01632 960000"
    name: str = ""
    hours: str = ""


class WrittenOrganisation(_Written):
    """As in the directory's own file."""

    id: Annotated[str, Field(pattern=r"^org:[a-z]+:[A-Za-z0-9_-]+$")]
    name: str
    agency: Agency
    area: str
    contact: WrittenContact = WrittenContact()
    roles: tuple[Role, ...] = ()
    on_duty: tuple[Role, ...] = ()
    desk: Role | None = None
    publisher: bool = False
    deputy_of: str | None = None
    stands_in_for: tuple[Agency, ...] = ()
    jurisdiction: str = "GB-ENG"


class WrittenKnown(_Written):
    subject: WrittenSubject = WrittenSubject()
    match: MatchState = MatchState.KNOWN
    protected: WrittenProtected | None = None
    relationships: tuple[WrittenRelationship, ...] = ()
    organisations: tuple[WrittenOrganisation, ...] = ()
    cases_closed: tuple[AwareDatetime, ...] = ()
    published_before: tuple[str, ...] = ()  # organisations that published a concern about them


class WrittenAuthor(_Written):
    organisation: str
    person: str
    role: Role | None = None


class WrittenStatement(BaseModel):
    """
    One statement: when, by whom, and what its schema asks of its type. `id` is any word by which a
    review names an override. `concern`: the word `this`; else it is about the subject as a whole.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    type: Annotated[EventType, AfterValidator(_is_a_statement)]
    id: str | None = None
    made: AwareDatetime
    recorded: AwareDatetime | None = None  # since when the broker has had it; else at once
    by: WrittenAuthor
    concern: Literal["this"] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What it says beyond what every statement does."""
        return dict(self.model_extra or {})


class WrittenCase(_Written):
    concern: dict[str, Any] | None = None
    known: WrittenKnown = WrittenKnown()
    statements: tuple[WrittenStatement, ...] = ()
    at: AwareDatetime | None = None
