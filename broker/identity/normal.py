"""
Names, dates and numbers in the form in which they are compared (IDENTITY.md 6). The original is
kept elsewhere; the normal form is only ever digested.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from broker.domain.known import Fingerprint
from broker.domain.notification import Json

_APOSTROPHES = str.maketrans("", "", "'\u2019\u02bc`")
_UNFOLDED = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "œ": "oe"})
_PLACEHOLDERS = frozenset(
    ("baby", "infant", "twin", "male", "female", "boy", "girl", "unknown", "nk", "tba", "unborn")
)
_DEFAULT_DATES = frozenset({"1900-01-01", "1970-01-01"})
_WHOLE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MATCHED = frozenset({"verified", "checksum_ok"})  # `unverified` and `invalid` are evidence only
_NATIONAL = frozenset({"nhs_number", "upn"})


def forename(text: str) -> str | None:
    """The first token, folded: `Aoife-Mae` is `aoife`. None for a placeholder."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    folded = folded.translate(_UNFOLDED).replace("-", " ")
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", folded)
        if unicodedata.category(letter) not in {"Mn", "Cf"}
    )
    tokens = plain.split()
    return tokens[0] if tokens and tokens[0] not in _PLACEHOLDERS else None


def birth_date(text: str) -> str | None:
    """A whole date that is nobody's default; a partial one is never padded."""
    return text if _WHOLE_DATE.fullmatch(text) and text not in _DEFAULT_DATES else None


def identifier_parts(identifier: Mapping[str, str]) -> tuple[str, str, str] | None:
    """(system, issuer, value) if it may be matched; a local number only within its issuer."""
    system = identifier["system"]
    if identifier["assurance"] not in _MATCHED:
        return None
    issuer = "" if system in _NATIONAL else identifier.get("issuer", "")
    if system not in _NATIONAL and not issuer:
        return None
    return system, issuer, re.sub(r"[\s-]", "", identifier["value"]).upper()


def fingerprint(claims: Mapping[str, Json], digest: Callable[..., bytes]) -> Fingerprint:
    """What a notification says of its subject, as keyed digests."""
    summary = cast("Mapping[str, str]", claims.get("identity.summary", {}))
    full = cast("Mapping[str, Json]", claims.get("identity.full", {}))
    listed = cast("Iterable[Mapping[str, str]]", full.get("identifiers", ()))
    parts = [found for each in listed if (found := identifier_parts(each))]
    unborn = summary.get("subject_kind") == "unborn"
    name = None if unborn else forename(summary.get("given_name", ""))
    born = None if unborn else birth_date(summary.get("birth_date", ""))
    return Fingerprint(
        identifiers=frozenset(digest("identifier", *each) for each in parts),
        forename=digest("forename", name) if name else None,
        birth_date=digest("birth_date", born) if born else None,
    )
