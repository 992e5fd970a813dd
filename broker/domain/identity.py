"""
Who a notification says that its subject is, and what the register holds of a subject: values in the
form in which they are compared (IDENTITY.md 6). The original words stay in the notification.

Nothing here may be printed: every value that could name somebody is hidden from `repr`.
"""

from collections.abc import Mapping, Sequence
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
    """
    Where somebody lives. `restricted`: protected, so it finds candidates and serves no more.
    `since`: the day on which it was first said.
    """

    postcode: str | None = field(default=None, repr=False)  # upper case, no space: ZE84AF
    uprn: str | None = field(default=None, repr=False)
    restricted: bool = False
    since: str | None = field(default=None, repr=False, compare=False)


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

    @property
    def named(self) -> tuple[str, str, str]:
        """Which number it is, however far somebody relies on it."""
        return self.system, self.issuer, self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What one source says of its subject. `birth`: whole, or `2012-04` or `2012`: never padded."""

    kind: SubjectKind = SubjectKind.CHILD
    described: bool = False  # seen, and not known by name: joins nobody
    names: Sequence[Name] = field(default=(), repr=False)  # the first is what they are called here
    written: Sequence[str] = field(default=(), repr=False)  # the same as a person wrote them
    birth: str | None = field(default=None, repr=False)
    expected: str | None = field(default=None, repr=False)  # of an unborn child
    age: int | None = field(default=None, repr=False)  # a guess, in years: for finding only
    sex: str | None = field(default=None, repr=False)  # F or M
    places: Sequence[Place] = field(default=(), repr=False)
    telephones: Sequence[str] = field(default=(), repr=False)  # E.164: +447700900103
    safe_telephones: Sequence[str] = field(default=(), repr=False)  # of a protected place
    carers: Sequence[Carer] = field(default=(), repr=False)
    numbers: Sequence[Number] = field(default=(), repr=False)
    former: Sequence[Number] = field(default=(), repr=False)  # of them, those it had until now


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    What the register holds of one subject. `names`: its own and confirmed aliases, each good for a
    join; `other_names`: surnames seen on joined notifications, which only find and weigh.
    `retired`: numbers that are nobody's now, or another's. Of a provisional one `doubted` says whom
    it might be; `apart` is whom a person has said that it is not.
    """

    subject: SubjectId
    kind: SubjectKind = SubjectKind.CHILD
    provisional: bool = False
    restricted: bool = False  # a protected location, or an adoption: doubt about it is a risky one
    names: Sequence[Name] = field(default=(), repr=False)
    written: Sequence[str] = field(default=(), repr=False)  # to be shown, and compared with nothing
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
    twin: bool = False  # another subject of the household was born on the same day
    doubted: frozenset[SubjectId] = frozenset()
    apart: frozenset[SubjectId] = frozenset()
    hidden_from: frozenset[SubjectId] = frozenset()  # of `apart`: never shown beside each other


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfile:
    """A profile as the store keeps it: its values under the subject's key, the rest in the open."""

    subject: SubjectId
    kind: SubjectKind
    provisional: bool
    doubted: frozenset[SubjectId]
    apart: frozenset[SubjectId]
    hidden_from: frozenset[SubjectId]
    twin: bool
    version: int  # how often it has been written: two who learn at once do not overwrite
    wrapped_key: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """
    By which a subject is found: keyed digests, not readable. `asked`: what is looked up; `held`:
    under what it is found from then on, and whether only a protected place says so; `locked`: what
    two first sightings of one child share, so that they become one subject.
    """

    asked: frozenset[int] = field(default=frozenset(), repr=False)
    held: Mapping[int, bool] = field(default_factory=dict, repr=False)
    locked: frozenset[int] = field(default=frozenset(), repr=False)


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
    identifier: str  # equal, differs, retired or none
    rule: str = ""  # A or B, by which it may join without a person
    guards: Sequence[str] = ()  # what stood in the way, the gravest first: closed words
    by_nickname: bool = False  # joined by that and an NHS number alone, if the family is known
