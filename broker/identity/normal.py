"""
Names in the form in which they are compared (IDENTITY.md 6). The original is kept elsewhere: the
normal form is compared and digested, and shown to nobody.
"""

import re
import unicodedata

from broker.domain.identity import Name
from broker.identity.scripts import script_of

__all__ = ["fold", "full_name_from", "name_from", "script_of"]

_DROPPED = str.maketrans("", "", "'`\u00b4\u2018\u2019\u02bc\u02bb\u02b9\u02be\u02bf\u2032")
_UNFOLDED = str.maketrans(  # letters that do not decompose, and the two ways of writing a Russian e
    {"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "œ": "oe", "\u0131": "i"}
    | {"ð": "d", "þ": "th", "ħ": "h", "\u0451": "\u0435"}
)
_ACCENTED = frozenset({"LATIN", "GREEK", "ARABIC", "HEBREW"})
"""Scripts whose marks are accents or optional points; elsewhere a mark makes another letter."""
_TAG = re.compile("dup(licate|e)?|test|old|temp|merged|migrated|deleted|inactive")
_FILLING = re.compile("z{2,}|x{2,}|duplicate")
_MC = re.compile(r"(?<!\S)mc (?=\S)")

_NOBODY = re.compile(
    "baby|babe|infant|newborn|neonate|twin|triplet|unborn|f(o?)etus|male|female|boy|girl|unknown|"
    "nk|nkn|nka|tba|tbc|test|unnamed|anon|anonymous"
)
"""As the first token, none of these is a forename, whatever follows."""
_NOTHING = re.compile(
    "n k|n a|b o|(name )?not (yet )?(entered|known|given|stated|recorded|provided|named|available)|"
    "not (named yet|applicable)|no (name|surname|forename)|none( given)?|to be (advised|confirmed)"
)
_TITLE = re.compile("mr|mrs|ms|miss|mx|dr")
_PARTICLE = re.compile("van|von|der|den|de|da|di|du|la|le|al|el|bin|bint|ibn|ben|abu|st")


def fold(text: str) -> str:
    """Tokens of small letters with one space between; empty for what fills a field."""
    plain = text.lower() if text.isascii() else _without_marks(text)
    plain = _without_tags(plain.translate(_DROPPED))
    if not plain.isalnum():
        plain = "".join(each if _is_kept(each) else " " for each in plain)
    tokens = [token for token in plain.split() if not _FILLING.fullmatch(token)]
    folded = _MC.sub("mc", " ".join(tokens))
    return "" if _NOTHING.fullmatch(folded) else folded


def name_from(given: str, family: str) -> Name:
    """A name in two parts. One part alone leaves the other missing, and so does a placeholder."""
    first, *later = fold(given).split() or [""]
    if _NOBODY.fullmatch(first):
        first, later = "", []
    surname = fold(family)
    somebody = any(not _NOBODY.fullmatch(each) and not each.isdigit() for each in surname.split())
    return Name(forename=first or None, later=tuple(later), surname=surname if somebody else None)


def full_name_from(text: str) -> Name:
    """A name in one piece: `Adaeze Nwosu`, `NWOSU, Adaeze`, `Mrs Anna van der Berg`."""
    before, comma, after = text.partition(",")
    if comma and fold(before) and fold(after):
        return name_from(after, before)
    tokens = [token for token in fold(text).split() if not _TITLE.fullmatch(token)]
    if len(tokens) == 1:
        return name_from(tokens[0], "")
    at = next(
        (n for n, each in enumerate(tokens[1:-1], 1) if _PARTICLE.fullmatch(each)), len(tokens) - 1
    )
    return name_from(" ".join(tokens[:at]), " ".join(tokens[at:]))


def _without_marks(text: str) -> str:
    """Folded case and compatible forms, without accents, zero-width and bidirectional marks."""
    plain = text.translate(_DROPPED)  # first: NFKC makes a space and an accent of U+00B4
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    kept, accented = [], True
    for letter in unicodedata.normalize("NFD", plain):
        category = unicodedata.category(letter)
        if category == "Cf" or (category == "Mn" and accented):
            continue
        if category[0] != "M":
            script = unicodedata.name(letter, "").partition(" ")[0]
            accented = script in _ACCENTED or not letter.isalnum()
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_UNFOLDED)


def _without_tags(text: str) -> str:
    """Without what a migration put before or after a name: `DUPLICATE_`, `ZZZ_`, `XX_TEST_`."""
    if "_" not in text:
        return text
    parts = text.split("_")
    named = [part for part in parts if not _TAG.fullmatch(part.strip())]
    return " ".join(named)


def _is_kept(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"
