"""
How well a notification's own forename and own birth date fit a subject's: the guard that no weight
can overrule (IDENTITY.md 3). The danger is the family, not the stranger: a twin agrees in all but
the name, a sibling's number stands on the form.

    forename   3 equal, or forename and surname exchanged   2 a nickname of it
               1 a misspelling that is no name of its own   0 missing, or in another script
               -1 another
    birth      2 equal   1 day and month exchanged, or one edit   0 missing, partial, or 1 January
               -1 another
"""

from collections.abc import Sequence

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from broker.domain.identity import Appearance, Assurance, Name, Number, Profile
from broker.identity.names import Names
from broker.identity.normal import script_of

EQUAL, DIFFERS, RETIRED, NONE = "equal", "differs", "retired", "none"
"""What a notification's identifiers say of a subject."""

_CLOSE = 0.9  # Jaro-Winkler, from which one name may be the other misspelt
_MATCHED = frozenset({Assurance.VERIFIED, Assurance.CHECKSUM_OK})
_ONE_EACH = "nhs_number"  # nobody has two of them: another one is another child's


def forename_grade(asked: Appearance, held: Profile, names: Names) -> int:
    """Of the name it is called by, with whichever of the subject's own and confirmed names fits."""
    if not asked.names:
        return 0
    return max((_forename(asked.names[0], each, names) for each in held.names), default=0)


def _forename(asked: Name, held: Name, names: Names) -> int:
    if asked.forename is None or held.forename is None:
        return 0
    if asked.forename == held.forename:
        return 3
    if (asked.forename, asked.surname) == (held.surname, held.forename):
        return 3
    if script_of(asked.forename) != script_of(held.forename):
        return 0
    if names.related(asked.forename, held.forename):
        return 2
    if asked.forename in held.later or held.forename in asked.later:
        return 1
    both_names = names.is_established(asked.forename) and names.is_established(held.forename)
    alike = JaroWinkler.similarity(asked.forename, held.forename) >= _CLOSE
    return 1 if alike and not both_names else -1


def birth_grade(asked: str | None, held: str | None, *, same_number: bool) -> int:
    """`same_number`: an identifier is equal, which a 1 January needs: many a system's default."""
    if asked is None or held is None:
        return 0
    if len(asked) != len(held) or len(asked) < len("2012-04-03"):
        return 0 if _may_be(asked, held) else -1
    if not same_number and (asked.endswith("-01-01") or held.endswith("-01-01")):
        return 0 if abs(int(asked[:4]) - int(held[:4])) <= 1 else -1
    if asked == held:
        return 2
    if f"{asked[:5]}{asked[8:]}-{asked[5:7]}" == held:
        return 1
    return 1 if DamerauLevenshtein.distance(asked, held, score_cutoff=1) <= 1 else -1


def _may_be(one: str, other: str) -> bool:
    """Whether a partial date leaves room for the other."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter)


def same_year(asked: str | None, held: str | None) -> bool:
    """A child named for one who died has the same name, another year: no slip of the pen."""
    return asked is not None and held is not None and asked[:4] == held[:4]


def identifier_says(asked: Appearance, held: Profile) -> str:
    """
    EQUAL, DIFFERS, RETIRED or NONE. A number that is valid and not the subject's own belongs to
    somebody else; one that fails its check is no number at all.
    """
    given = {each.named for each in asked.numbers if each.assurance in _MATCHED}
    own = {each.named for each in held.numbers if each.assurance in _MATCHED}
    if given & own:
        return EQUAL
    if given & {each.named for each in held.retired}:
        return RETIRED
    theirs, ours = ({each for each in of if each[0] == _ONE_EACH} for of in (given, own))
    return DIFFERS if theirs and ours else NONE


def lives_there(asked: Appearance, held: Profile) -> bool:
    """A postcode, property or telephone is equal. A protected address proves nothing to anybody."""
    given, own = (
        {
            value
            for place in of.places
            if not place.restricted
            for value in (place.postcode, place.uprn)
            if value
        }
        for of in (asked, held)
    )
    return not given.isdisjoint(own) or not {*asked.telephones}.isdisjoint(held.telephones)


def only_the_mother(asked: Appearance, held: Profile, names: Names) -> bool:
    """Another address on every count, and a mother of the same forename, which many bear."""
    known = all(any(each.postcode for each in of.places) for of in (asked, held))
    if not known or lives_there(asked, held):
        return False
    return all(names.is_common(each) for each in _mothers(asked) & _mothers(held))


def lives_next_door(asked: Appearance, held: Profile) -> bool:
    """One postcode, and another property or another mother: a namesake may live in the street."""
    properties, theirs = _uprns(asked), _uprns(held)
    if not {*asked.telephones}.isdisjoint(held.telephones) or properties & theirs:
        return False
    mothers, own = _mothers(asked), _mothers(held)
    if mothers and own:
        return not any(
            JaroWinkler.similarity(one, other) >= _CLOSE for one in mothers for other in own
        )
    return bool(properties and theirs)


def _uprns(of: Appearance | Profile) -> set[str]:
    return {each.uprn for each in of.places if each.uprn}


def _mothers(of: Appearance | Profile) -> set[str]:
    return {each.forename for each in of.carers if each.relation == "mother" and each.forename}


def other_number(asked: Appearance, held: Profile) -> bool:
    """A valid NHS number that is not this subject's, though another of its identifiers is."""
    given, own = (
        {each.value for each in numbers if each.system == _ONE_EACH and each.assurance in _MATCHED}
        for numbers in (asked.numbers, held.numbers)
    )
    return bool(given and own) and not given & own


def equal_systems(asked: Appearance, held: Profile) -> frozenset[str]:
    """Of which systems a number is equal."""
    own = {each.named for each in held.numbers if each.assurance in _MATCHED}
    matched = (each for each in asked.numbers if each.assurance in _MATCHED)
    return frozenset(each.system for each in matched if each.named in own)


def numbered_otherwise(asked: Appearance, held: Profile) -> bool:
    """
    One who numbers its children gave this one another number than the subject: a school its pupils,
    a system its records. A child may have two of them, and so may twins have one each.
    """
    if not asked.numbers or not held.numbers:
        return False
    given, own = _by_whom(asked.numbers), _by_whom(held.numbers)
    return any(given[by].isdisjoint(own[by]) for by in given.keys() & own.keys())


def _by_whom(numbers: Sequence[Number]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for each in numbers:
        if each.assurance in _MATCHED and not _is_temporary(each):
            found.setdefault((each.system, each.issuer), set()).add(each.value)
    return found


def _is_temporary(number: Number) -> bool:
    """A temporary UPN ends in a letter, until the school learns the child's own."""
    return number.system == "upn" and number.value[-1:].isalpha()
