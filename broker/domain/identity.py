"""
Who a notification says that its subject is, and what the register holds of a subject: values in the
form in which they are compared (IDENTITY.md 6). The original words stay in the notification.

Nothing here may be printed: every value that could name somebody is hidden from `repr`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from broker.domain.ids import SubjectId


class SubjectKind(StrEnum):
    CHILD = "child"
    UNBORN = "unborn"
    ADULT_OF_CONCERN = "adult_of_concern"


class Assurance(StrEnum):
    """How far an identifier may be relied on. Only the first two are ever matched."""

    VERIFIED = "verified"
    CHECKSUM_OK = "checksum_ok"
    UNVERIFIED = "unverified"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name, folded. `forename` is its first token, `later` those that follow."""

    forename: str | None = field(default=None, repr=False)
    later: tuple[str, ...] = field(default=(), repr=False)
    surname: str | None = field(default=None, repr=False)  # parts separated by one space


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody lives. `restricted`: protected, so it finds candidates and serves no more."""

    postcode: str | None = field(default=None, repr=False)  # upper case, no space: ZE84AF
    uprn: str | None = field(default=None, repr=False)
    restricted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Carer:
    """Somebody who looks after the child. `relation`: as the schema's, `mother` first of all."""

    relation: str
    forename: str | None = field(default=None, repr=False)
    surname: str | None = field(default=None, repr=False)
    birth: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An identifier as it is compared: a local one is equal only within its issuer."""

    system: str  # nhs_number, upn, mis_id, ...
    issuer: str = ""  # of a local one
    value: str = field(repr=False)
    assurance: Assurance


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What one source says of its subject. `birth`: whole, or `2012-04` or `2012`: never padded."""

    kind: SubjectKind = SubjectKind.CHILD
    described: bool = False  # seen, and not known by name: joins nobody
    names: Sequence[Name] = field(default=(), repr=False)  # the first is what they are called here
    birth: str | None = field(default=None, repr=False)
    expected: str | None = field(default=None, repr=False)  # of an unborn child
    age: int | None = field(default=None, repr=False)  # a guess, in years: for finding only
    sex: str | None = field(default=None, repr=False)  # F or M
    places: Sequence[Place] = field(default=(), repr=False)
    telephones: Sequence[str] = field(default=(), repr=False)  # E.164: +447700900103
    safe_telephones: Sequence[str] = field(
        default=(), repr=False
    )  # of a protected place: only find
    carers: Sequence[Carer] = field(default=(), repr=False)
    numbers: Sequence[Number] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    What the register holds of one subject. `names`: its own and confirmed aliases, each good for a
    join; `other_names`: surnames and spellings seen on joined notifications, which only find and
    weigh. `retired`: numbers that are nobody's now, or another's.
    """

    subject: SubjectId
    kind: SubjectKind = SubjectKind.CHILD
    provisional: bool = False
    restricted: bool = False  # a protected location, or an adoption: doubt about it is a risky one
    names: Sequence[Name] = field(default=(), repr=False)
    other_names: Sequence[Name] = field(default=(), repr=False)
    birth: str | None = field(default=None, repr=False)
    expected: str | None = field(default=None, repr=False)
    sex: str | None = field(default=None, repr=False)
    places: Sequence[Place] = field(default=(), repr=False)
    telephones: Sequence[str] = field(default=(), repr=False)
    safe_telephones: Sequence[str] = field(default=(), repr=False)
    carers: Sequence[Carer] = field(default=(), repr=False)
    numbers: Sequence[Number] = field(default=(), repr=False)
    retired: Sequence[Number] = field(default=(), repr=False)


class Comparison(StrEnum):
    """What is weighed. The household is one fact, however many of its parts agree."""

    FORENAME = "forename"
    SURNAME = "surname"
    BIRTH = "birth"
    SEX = "sex"
    HOUSEHOLD = "household"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison of one pair: which level holds, and the bits it speaks for it, or against."""

    comparison: Comparison
    level: str  # "missing" speaks for nothing: 0 bits
    bits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The evidence that a notification is about one candidate. `bits`: the lines and the prior."""

    subject: SubjectId
    lines: Sequence[Line]
    bits: float
    forename: int  # grades of IDENTITY.md 3: 3 equal ... -1 another
    birth: int
    identifier: str  # equal, differs or none
    flags: frozenset[str] = frozenset()  # why a guard stood in the way: closed words
