"""
What is no whole resource: a patch of a record kept elsewhere, a part of one, a list of several; and
why a document that holds no listed code is nothing.

A patch does not say whom it is about. A listed code in one is a concern that lacks its subject, so
a person looks; so does one who sees that a record kept elsewhere was taken back (FORMATS.md 2
rules 3 and 5).
"""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.codes import icd10, table
from adapters.contract import Item, Nothing, Quarantined, Site
from adapters.health.coding import is_listed
from adapters.health.notice import is_signal
from adapters.walk import Object, dicts, one, text
from broker import strictjson
from broker.domain.words import Lane
from broker.errors import Malformed

PATCHES = frozenset({"Parameters", "Binary"})
"""What a Bundle holds where it patches a record (hl7.org/fhir/http.html#patch)."""

_ICD_10 = re.compile(r"[A-Z][0-9]{2}[0-9A-Z.]{0,5}")
_TAKEN_BACK = frozenset({"entered-in-error", "refuted"})
_OF_KIND = {
    "OperationOutcome": "operation_outcome",
    "Subscription": "subscription",
    "SubscriptionStatus": "signal",
    "Parameters": "parameters",
}


def as_bundle(document: Any) -> Any:
    """Resources in a list are read as a Bundle of them."""
    if isinstance(document, list) and any("resourceType" in each for each in dicts(document)):
        return {"resourceType": "Bundle", "entry": [{"resource": each} for each in document]}
    return document


def fragment(document: Any, site: Site) -> Item | None:
    """What a patch or a part of a resource comes to; None for a document that is whole."""
    if is_patch(document):
        return _patch(document, site)
    if isinstance(document, dict) and isinstance(document.get("resourceType"), str):
        return None
    if isinstance(document, dict) and "specversion" in document:
        detail = "a CloudEvent that points elsewhere; this feed reads FHIR"
        return Quarantined(reason="not_this_format", detail=detail)
    codes, texts = _said(document)
    if _is_listed(codes, texts, site):
        return Quarantined(reason="no_subject", detail="resourceType", lane=_lane(texts))
    return Nothing(reason="no_resource")


def patch_in(resource: Object, site: Site) -> Item | None:
    """What a patch inside a Bundle comes to, if a person must see it; others are None."""
    patch: Any = resource
    if resource.get("resourceType") == "Binary":
        try:
            patch = strictjson.read(b64decode(text(resource.get("data"))))
        except (Malformed, ValueError):
            return None
    found = _patch(patch, site) if is_patch(patch) else None
    return found if isinstance(found, Quarantined) else None


def is_patch(document: Any) -> bool:
    """A JSON Patch (RFC 6902), or Parameters that patch by FHIRPath."""
    if isinstance(document, list):
        return any("op" in each and "path" in each for each in dicts(document))
    if not isinstance(document, dict) or document.get("resourceType") != "Parameters":
        return False
    return any(each.get("name") == "operation" for each in dicts(document.get("parameter")))


def nothing_in(document: Object) -> str:
    """Why a document in which no code is listed comes to nothing."""
    kind = text(document.get("resourceType"))
    if is_signal(document) or document.get("type") == "subscription-notification":
        return "signal"
    if kind == "Bundle" and not any(one(each.get("resource")) for each in _entries(document)):
        return "references_only" if _entries(document) else "empty"
    return _OF_KIND.get(kind, "no_listed_code")


def _entries(bundle: Object) -> list[Object]:
    return dicts(bundle.get("entry"))


def _patch(document: Any, site: Site) -> Item:
    codes, texts = _said(document)
    if _is_listed(codes, texts, site):
        return Quarantined(reason="no_subject", detail="patch", lane=_lane(texts))
    if texts & _TAKEN_BACK:
        return Quarantined(reason="needs_person", detail="patch", lane=_lane(texts))
    return Nothing(reason="patch")


def _lane(texts: set[str]) -> Lane:
    return Lane.EMERGENCY if "stat" in texts else Lane.ROUTINE


def _said(document: Any) -> tuple[list[Object], set[str]]:
    """Every coding in it, and every text: a patch writes a code without its system."""
    waiting, codes, texts = [document], [], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
            codes += [value] if text(value.get("code")) else []
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            texts.add(value)
    return codes, texts


def _is_listed(codes: Sequence[Object], texts: set[str], site: Site) -> bool:
    rows = table("snomed_safeguarding")
    if any(each in rows or (_ICD_10.fullmatch(each) and icd10(each)) for each in texts):
        return True
    return any(is_listed(code, site) for code in codes)
