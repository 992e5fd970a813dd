"""Two records side by side, as a page shows them: each fact, and what it says. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from broker.console import match_words as words
from broker.console.views import written
from broker.domain.identity import Comparison, Profile
from broker.domain.ids import SubjectId
from broker.domain.review import Candidate, Review
from broker.reviewing import Fact, Says, facts, why_asked

_BITS_A_COLUMN = 2.0
_ZERO, _COLUMNS = 18, 60
"""The waterfall's columns, two bits each: 36 bits against fit left of the line, 84 right of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Where a bar of the waterfall begins and how long it is, in columns: CSS classes, no style."""

    start: int
    length: int
    is_for: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One fact of two records."""

    name: str
    asked: Sequence[str] = field(repr=False)
    held: Sequence[str] = field(repr=False)
    says: str
    how: str
    strength: str
    bits: str
    bar: Bar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One candidate as a block of the page."""

    letter: str
    subject: SubjectId
    why: str
    rows: Sequence[Shown] = field(repr=False)
    schools: Sequence[str] = field(repr=False)
    before: str  # the bits before anything was compared
    risky: bool
    would_tell: Sequence[str]


def beside(review: Review, numbers: Collection[str]) -> list[Beside]:
    """Each candidate, the best first. `numbers`: the identifiers that are shown."""
    return [
        _beside(review, each, chr(ord("A") + place), numbers)
        for place, each in enumerate(review.candidates)
    ]


def why(word: str, asked: Profile, candidate: Candidate | None = None) -> str:
    """The sentence that explains why a person is asked."""
    if candidate is not None:
        word = why_asked(word, candidate.weighed)
    sex = asked.sex if candidate is None or candidate.profile.sex in {asked.sex, None} else None
    kin, whose = words.KIN[sex], words.WHOSE[sex]
    sentence = words.WHY.get(word, words.NOT_SURE)
    return sentence.format(kin=kin, whose=whose, Whose=whose.capitalize())


def _beside(review: Review, candidate: Candidate, letter: str, numbers: Collection[str]) -> Beside:
    told = facts(candidate.weighed)
    return Beside(
        letter=letter,
        subject=candidate.subject,
        why=why(review.why, review.asked, candidate),
        rows=[
            _shown(fact, review.asked, candidate.profile, numbers, bar)
            for fact, bar in zip(told, bars(told), strict=True)
        ],
        schools=review.schools.get(candidate.subject, ()),
        before=f"{candidate.weighed.bits - sum(fact.bits for fact in told):+.1f}",
        risky=candidate.risky,
        would_tell=candidate.would_tell,
    )


def bars(told: Sequence[Fact]) -> list[Bar | None]:
    """Each begins where the one before ended; nothing either way has none."""
    found: list[Bar | None] = []
    at = 0.0
    for fact in told:
        ends = sorted((at, at + fact.bits))
        at += fact.bits
        first, last = (max(0, min(_COLUMNS, _ZERO + round(e / _BITS_A_COLUMN))) for e in ends)
        first = min(first, _COLUMNS - 1)
        bar = Bar(start=first + 1, length=max(1, last - first), is_for=fact.bits > 0)
        found.append(bar if fact.bits else None)
    return found


def _shown(
    fact: Fact, asked: Profile, held: Profile, numbers: Collection[str], bar: Bar | None
) -> Shown:
    how = words.LEVELS.get((fact.comparison, fact.level), words.NOT_COMPARED)
    return Shown(
        name=words.COMPARISONS[fact.comparison],
        asked=said(fact.comparison, asked, numbers),
        held=said(fact.comparison, held, numbers),
        says=words.SAYS[fact.says],
        how=how if fact.says is not Says.MISSING else words.NOT_COMPARED,
        strength=words.STRENGTHS[fact.strength],
        bits=f"{fact.bits:+.1f}",
        bar=bar,
    )


def said(comparison: Comparison, profile: Profile, numbers: Collection[str]) -> list[str]:
    """What a record says of one fact; nothing of a place that is protected."""
    match comparison:
        case Comparison.FORENAME:
            return [*profile.written]
        case Comparison.SURNAME:
            return _surnames(profile)
        case Comparison.BIRTH:
            expected = [f"expected {written(profile.expected)}"] if profile.expected else []
            return [written(profile.birth)] if profile.birth else expected
        case Comparison.SEX:
            return [words.SEXES[profile.sex]] if profile.sex else []
        case Comparison.HOUSEHOLD:
            return _household(profile)
        case Comparison.IDENTIFIER:
            shown = [each for each in profile.numbers if each.system in numbers]
            named = [
                f"{words.NUMBERS.get(each.system, each.system)} {each.value}" for each in shown
            ]
            return list(dict.fromkeys(named))


def _surnames(profile: Profile) -> list[str]:
    """Beside the names as written, the surnames under which they were seen."""
    return [f"also {each.surname.title()}" for each in profile.other_names if each.surname]


def _household(profile: Profile) -> list[str]:
    places = [
        words.PROTECTED if each.restricted else _postcode(each.postcode)
        for each in profile.places
        if each.postcode or each.restricted
    ]
    carers = [
        f"{name.title()} ({words.RELATIONS.get(each.relation, each.relation)})"
        for each in profile.carers
        if (name := " ".join(filter(None, (each.forename, each.surname))))
    ]
    return list(dict.fromkeys([*places, *profile.telephones, *carers]))


def _postcode(text: str | None) -> str:
    return f"{text[:-3]} {text[-3:]}" if text else ""
