"""Where somebody lives and how they are reached, in the form in which it is compared."""

import re
import unicodedata
from collections.abc import Set as AbstractSet

from broker.identity.reading import MISSING, Reading

_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")
_PSEUDO = "ZZ99"  # the NHS's: no fixed abode, address not known, abroad
_INWARD = 3  # letters and digits of a postcode after its district
_UPRN = re.compile(r"[0-9]{1,12}")
_DIALLED = re.compile(r"[+(]*[0-9][0-9 ().+/-]*")
_UK = re.compile(r"\+44[1-9][0-9]{8,12}")
_ABROAD = re.compile(r"\+(?!44)[1-9][0-9]{6,14}")
_WITHOUT_ZERO = re.compile(r"[127][0-9]{9}")  # a spreadsheet took the first zero off
_SEXES = {"f": "F", "female": "F", "girl": "F", "2": "F", "m": "M", "male": "M", "boy": "M"}
_SEXES["1"] = "M"  # NHS Data Dictionary, person stated gender code


def postcode_from(text: str) -> Reading:
    """Upper case without spaces. What is no postcode says nothing."""
    code = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    known = _POSTCODE.fullmatch(code) and not code.startswith(_PSEUDO)
    return Reading(code) if known else MISSING


def district(postcode: str) -> str:
    return postcode[:-_INWARD]


def uprn_from(text: str) -> Reading:
    """A unique property reference number, without the zeros that some systems pad it with."""
    number = unicodedata.normalize("NFKC", text).strip()
    bare = number.lstrip("0") if _UPRN.fullmatch(number) else ""
    return Reading(bare) if bare else MISSING


def telephone_from(text: str, switchboards: AbstractSet[str] = frozenset()) -> Reading:
    """E.164, a UK number unless it says otherwise. `switchboards`: of many, so nobody's."""
    found = _DIALLED.search(unicodedata.normalize("NFKC", text))
    number = _international(found[0]) if found else ""
    known = _UK.fullmatch(number) or _ABROAD.fullmatch(number)
    some = len(set(number[3:])) > 1  # 07777 777777 fills a field
    return Reading(number) if known and some and number not in switchboards else MISSING


def sex_from(text: str) -> str | None:
    """F or M."""
    return _SEXES.get(text.strip().casefold())


def _international(dialled: str) -> str:
    plus = dialled.lstrip("( ").startswith("+")
    digits = re.sub("[^0-9]", "", dialled.replace("(0)", ""))
    if not plus and digits.startswith("00"):
        digits, plus = digits[2:], True
    if plus:
        return "+" + digits
    if _WITHOUT_ZERO.fullmatch(digits):
        return "+44" + digits
    return (
        "+" + digits if digits.startswith("44") else "+44" + digits[1:] if digits[:1] == "0" else ""
    )
