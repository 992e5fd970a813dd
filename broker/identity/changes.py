"""
What an agency announces about who somebody is (`identity.changed`): a birth, another number, two
records that were one child's all along.

None of it joins a concern to a child. A number is followed to whoever has it; a birth to the
pregnancy with the same number; and two subjects become one only when a person says so.
"""

from collections.abc import Iterable
from dataclasses import replace

from broker.domain.identity import Appearance, Assurance, Number, Profile, SubjectKind
from broker.domain.known import Match, MatchState
from broker.identity.profile import learned

BORN, MERGED = "born", "merged"
SUPERSEDED, INVALIDATED = "number_superseded", "number_invalidated"

_MATCHED = frozenset({Assurance.VERIFIED, Assurance.CHECKSUM_OK})


def changed(change: str | None, asked: Appearance, profiles: Iterable[Profile]) -> Match | None:
    """Whose change it is, where that is not asked as of a concern; None: ask as of a concern."""
    if change == BORN:
        return _the_one(_holding(asked.numbers, profiles), "born", SubjectKind.UNBORN)
    if change in {SUPERSEDED, INVALIDATED} and not asked.names:
        return _the_one(_holding(asked.former or asked.numbers, profiles), "number_alone")
    return None


def as_asked(change: str | None, asked: Appearance) -> Appearance:
    """Of two records that were one: the one that stays. The other's number says nothing of it."""
    if change != MERGED:
        return asked
    former = {each.named for each in asked.former}
    current = tuple(each for each in asked.numbers if each.named not in former)
    return replace(asked, numbers=current)


def _the_one(found: list[Profile], why: str, kind: SubjectKind | None = None) -> Match | None:
    """Nobody, if there are several: a number that two have is for a person."""
    fitting = [each for each in found if kind is None or each.kind is kind]
    if len(fitting) != 1 or fitting[0].provisional:
        return None
    return Match(subject=fitting[0].subject, state=MatchState.KNOWN, why=why)


def _holding(numbers: Iterable[Number], profiles: Iterable[Profile]) -> list[Profile]:
    wanted = {each.named for each in numbers if each.assurance in _MATCHED}
    return [each for each in profiles if wanted & {number.named for number in each.numbers}]


def followed(
    change: str | None, held: Profile, asked: Appearance, others: Iterable[Profile]
) -> Profile:
    """The profile after the change. Of two that were one, whom the other is: a person will say."""
    if change == BORN:
        return _born(held, asked)
    if change in {SUPERSEDED, INVALIDATED}:
        return _numbered(held, asked, change)
    if change == MERGED:
        former = {each.subject for each in _holding(asked.former, others)} - {held.subject}
        grown = learned(held, as_asked(change, asked))
        return replace(grown, doubted=held.doubted | (frozenset(former) - held.apart))
    return learned(held, asked)


def _born(held: Profile, asked: Appearance) -> Profile:
    """The same subject, with its history; when it was expected stays."""
    child = replace(held, kind=SubjectKind.CHILD, names=(), written=(), birth=None)
    return replace(learned(child, replace(asked, kind=SubjectKind.CHILD)), expected=held.expected)


def _numbered(held: Profile, asked: Appearance, change: str) -> Profile:
    gone = {each.named for each in asked.former or asked.numbers}
    came = () if change == INVALIDATED else _current(asked)
    retired = [each for each in held.numbers if each.named in gone]
    kept = [each for each in held.numbers if each.named not in gone]
    return replace(
        held,
        numbers=tuple(dict.fromkeys((*kept, *came))),
        retired=tuple(dict.fromkeys((*held.retired, *retired))),
    )


def _current(asked: Appearance) -> tuple[Number, ...]:
    former = {each.named for each in asked.former}
    return tuple(
        each for each in asked.numbers if each.assurance in _MATCHED and each.named not in former
    )
