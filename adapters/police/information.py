"""
A disclosure as the police are given it: a JSON:API document, `information-received` (FORMATS.md 4,
"Out"). Persons are included only as far as they were told; never into intelligence systems by
default: the handling code stands in `meta`.
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.contract import ECHO, Disclosed, Site
from adapters.outward import WORDS, by_category
from broker import strictjson
from broker.errors import Malformed

KIND = "information-received"
_HANDLING = "C"  # 3x5x2: with conditions, those of the cover
_MOST_BYTES = 16 * 1024 * 1024


def write(disclosed: Disclosed, site: Site) -> bytes:
    """The document in UTF-8. `site` is the recipient's."""
    categories = by_category(disclosed.claims)
    words = {
        category: part[WORDS]
        for category, parts in categories.items()
        for part in parts.values()
        if isinstance(part.get(WORDS), str)
    }
    person = _person(categories.get("identity", {}))
    data: dict[str, Any] = {
        "type": KIND,
        "id": disclosed.disclosure,
        "attributes": {
            "reference": disclosed.plain.get("reference"),
            "level": disclosed.plain.get("level"),
            "forceIdentifier": str(site.organisation).rpartition(":")[2],
            "extents": disclosed.cover.get("extents"),
            "wordsByCategory": words,
            "toldByCategory": categories,
            "concern": disclosed.plain,
            "cover": disclosed.cover,
        },
    }
    document: dict[str, Any] = {
        "jsonapi": {"version": "1.1"},
        "meta": {
            "source": ECHO,
            "handlingCode": _HANDLING,
            "token": disclosed.token,
            "signedCover": disclosed.signed_cover,
        },
        "data": data,
    }
    if person:
        data["relationships"] = {"subject": {"data": {"type": "person", "id": "subject"}}}
        document["included"] = [{"type": "person", "id": "subject", "attributes": person}]
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def told(native: bytes) -> Disclosed:
    """What `write` was given. Raises Malformed."""
    document = strictjson.read(native, most_bytes=_MOST_BYTES)
    try:
        meta, data = document["meta"], document["data"]  # type: ignore[index]
        attributes = data["attributes"]
        if meta["source"] != ECHO or data["type"] != KIND:
            raise Malformed("not_this_format", KIND)
        categories = attributes["toldByCategory"]
        return Disclosed(
            disclosure=data["id"],
            cover=attributes["cover"],
            plain=attributes["concern"],
            claims={
                f"{category}.{part}": value
                for category, parts in categories.items()
                for part, value in parts.items()
            },
            token=meta["token"],
            signed_cover=meta["signedCover"],
        )
    except (KeyError, TypeError, AttributeError):
        raise Malformed("not_this_format", KIND) from None


def _person(identity: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The subject as a person of the model, of what was told of its identity."""
    summary = identity.get("summary", {})
    made = {
        "givenName": [summary["given_name"]] if "given_name" in summary else None,
        "surname": summary.get("family_name"),
        "dateOfBirth": summary.get("birth_date"),
        "gender": summary.get("sex"),
    }
    return {name: value for name, value in made.items() if value}
