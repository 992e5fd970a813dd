"""
Identifiers as they are compared, and whether one can be what it claims to be (IDENTITY.md 6).

No single wrong digit passes the check of an NHS number, so a wrong one that passes is another
child's. A wrong check letter of a UPN is common in exports: the value is kept and never relied on.
"""

import re
import unicodedata
from collections.abc import Mapping

from nhs_number.validate import is_valid

from broker.domain.identity import Assurance, Number
from broker.identity.reading import MISSING, REFUSED, Fault, Reading

_TEST_RANGE = "999"
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # Government Data Standards Catalogue, UPN 2.0
_UPN = re.compile(f"[A-Z][0-9]{{11}}[0-9{_UPN_LETTERS}]")
_UPNS = frozenset({"upn", "former_upn"})
_GAPS = re.compile(r"[\s-]+")


def nhs_number_from(text: str, *, test_range: bool = True) -> Reading:
    """
    By its check digit. The ten numbers of one repeated digit pass it and are nobody's. Without
    `test_range`, as where real children are, a number of the range kept for tests is refused.
    """
    digits = _GAPS.sub("", unicodedata.normalize("NFKC", text))
    if not digits:
        return MISSING
    valid = re.fullmatch("[0-9]{10}", digits) and is_valid(digits)
    if not valid or len(set(digits)) == 1:
        return REFUSED
    return REFUSED if digits.startswith(_TEST_RANGE) and not test_range else Reading(digits)


def upn_from(text: str) -> Reading:
    """A unique pupil number, kept in spite of a wrong check letter. A temporary one ends in one."""
    upn = _GAPS.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not upn:
        return MISSING
    if not _UPN.fullmatch(upn):
        return REFUSED
    values = [int(each) if each.isdigit() else _UPN_LETTERS.index(each) for each in upn[1:]]
    check = sum(value * weight for weight, value in enumerate(values, 2)) % len(_UPN_LETTERS)
    return Reading(upn, None if _UPN_LETTERS[check] == upn[0] else Fault.CHECK_LETTER)


def number_from(identifier: Mapping[str, object], *, test_range: bool = True) -> Number | None:
    """
    One identifier of the claims. What it says of its assurance is lowered, never raised: a number
    that fails its check is invalid, whoever verified it. A local one needs its issuer.
    """
    system, text = str(identifier.get("system", "")), str(identifier.get("value", ""))
    said = str(identifier.get("assurance", ""))
    assurance = Assurance(said) if said in list(Assurance) else Assurance.UNVERIFIED
    issuer = ""
    if system == "nhs_number":
        read = nhs_number_from(text, test_range=test_range)
    elif system in _UPNS:
        read = upn_from(text)
    else:
        issuer = str(identifier.get("issuer", ""))
        value = "".join(unicodedata.normalize("NFKC", text).split()).upper()
        read = Reading(value) if value and issuer else MISSING
    if read.value is None:
        return None
    if read.fault and assurance is not Assurance.INVALID:
        assurance = Assurance.UNVERIFIED
    return Number(system=system, issuer=issuer, value=read.value, assurance=assurance)
