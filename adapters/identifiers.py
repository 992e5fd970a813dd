"""How far an identifier may be relied on: `verified`, `checksum_ok`, `unverified`, `invalid`."""

from broker.identity.numbers import nhs_number_from, upn_from


def nhs_number_assurance(text: str, *, verified: bool = False) -> str:
    """By check digit. `verified` is the source's word that it was traced."""
    if nhs_number_from(text).value is None:
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
    upn, fault = upn_from(text)
    return "invalid" if upn is None else "unverified" if fault else "checksum_ok"
