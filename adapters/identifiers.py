"""How far an identifier may be relied on: `verified`, `checksum_ok`, `unverified`, `invalid`."""

import re

from nhs_number.validate import is_valid

_UPN = re.compile(r"[A-Z][0-9]{11}[0-9A-Z]")
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # Government Data Standards Catalogue, UPN 2.0


def nhs_number_assurance(text: str, *, verified: bool = False) -> str:
    """
    By check digit. A repeated digit passes the check and is nobody's number; `verified` is the
    source's word that it was traced.
    """
    digits = re.sub(r"[\s-]", "", text)
    valid = re.fullmatch("[0-9]{10}", digits) and is_valid(digits)
    if not valid or len(set(digits)) == 1:
        return "invalid"
    return "verified" if verified else "checksum_ok"


def nhs_number(text: str, *, verified: bool = False) -> dict[str, str]:
    """An NHS number as an identity claim: a wrong one is kept as evidence and never matched."""
    assurance = nhs_number_assurance(text, verified=verified)
    return {"system": "nhs_number", "value": text.strip(), "assurance": assurance}


def local(system: str, value: str, issuer: str, *, verified: bool = False) -> dict[str, str]:
    """A number that only its issuer gives meaning to."""
    assurance = "verified" if verified else "unverified"
    return {"system": system, "value": value, "issuer": issuer, "assurance": assurance}


def upn_assurance(text: str) -> str:
    """By check letter. A wrong one warns and is kept: most exports hold some."""
    upn = text.strip().upper()
    if not _UPN.fullmatch(upn):
        return "invalid"
    values = [int(each) if each.isdigit() else _UPN_LETTERS.find(each) for each in upn[1:]]
    check = sum(value * weight for weight, value in enumerate(values, 2)) % len(_UPN_LETTERS)
    return "checksum_ok" if _UPN_LETTERS[check] == upn[0] else "unverified"
