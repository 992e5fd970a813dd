"""
A disclosure as a council is given it: JSON with the names of the CSC API, and a `contact` that its
case system files without anybody typing it again (FORMATS.md 6, "Out").
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.contract import ECHO, Disclosed, Site
from adapters.outward import WORDS, by_category
from broker import strictjson
from broker.errors import Malformed

_MOST_BYTES = 16 * 1024 * 1024


def write(disclosed: Disclosed, site: Site) -> bytes:
    """One child's record in UTF-8. `site` is the recipient's: the number is theirs, or nobody's."""
    categories = by_category(disclosed.claims)
    child: dict[str, Any] = {
        "la_child_id": _number(categories.get("identity", {}), str(site.organisation)),
        "child_details": _details(categories),
        "social_care_episodes": [],
        "contact": _contact(disclosed, categories),
        "source": ECHO,
        "evidence": {"token": disclosed.token, "signed_cover": disclosed.signed_cover},
    }
    kept = {name: value for name, value in child.items() if value is not None}
    return json.dumps({"Children": [kept]}, ensure_ascii=False, indent=1).encode()


def told(native: bytes) -> Disclosed:
    """What `write` was given. Raises Malformed."""
    payload: Any = strictjson.read(native, most_bytes=_MOST_BYTES)
    try:
        (child,) = payload["Children"]
        if child["source"] != ECHO:
            raise Malformed("not_this_format", "source")
        contact, evidence = child["contact"], child["evidence"]
        return Disclosed(
            disclosure=contact["disclosure"],
            cover=contact["cover"],
            plain=contact["concern"],
            claims={
                f"{category}.{part}": value
                for category, parts in contact["told_by_category"].items()
                for part, value in parts.items()
            },
            token=evidence["token"],
            signed_cover=evidence["signed_cover"],
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Malformed("not_this_format", "contact") from None


def _number(identity: Mapping[str, Mapping[str, Any]], council: str) -> str | None:
    numbers = identity.get("full", {}).get("identifiers")
    for each in numbers if isinstance(numbers, list) else []:
        known = each if isinstance(each, Mapping) else {}
        if (known.get("system"), known.get("issuer")) == ("la_child_id", council):
            return str(known.get("value"))
    return None


def _details(categories: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What was told of who the child is, by the DfE's names."""
    identity = categories.get("identity", {})
    summary, full = identity.get("summary", {}), identity.get("full", {})
    address = full.get("address")
    narrative = categories.get("narrative", {}).get("summary", {})
    made = {
        "first_name": summary.get("given_name"),
        "surname": summary.get("family_name"),
        "date_of_birth": summary.get("birth_date"),
        "expected_date_of_birth": summary.get("expected_birth_date"),
        "sex": summary.get("sex"),
        "postcode": address.get("postcode") if isinstance(address, Mapping) else None,
        "factors": narrative.get("factors"),
    }
    return {name: value for name, value in made.items() if value}


def _contact(
    disclosed: Disclosed, categories: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    words = {
        category: part[WORDS]
        for category, parts in categories.items()
        for part in parts.values()
        if isinstance(part.get(WORDS), str)
    }
    made = {
        "disclosure": disclosed.disclosure,
        "reference": disclosed.plain.get("reference"),
        "date": disclosed.cover.get("issued"),
        "source": categories.get("referrer", {}).get("summary", {}).get("source"),
        "from": disclosed.plain.get("iss"),
        "level": disclosed.plain.get("level"),
        "words_by_category": words,
        "family": categories.get("family"),
        "told_by_category": categories,
        "concern": disclosed.plain,
        "cover": disclosed.cover,
    }
    return {name: value for name, value in made.items() if value is not None}
