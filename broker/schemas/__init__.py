"""The JSON Schemas of what travels, versioned. A new version must still read old events."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import jsonschema_rs

from broker.domain.notification import Json
from broker.domain.words import STATEMENTS, Category, EventType

FACT_SCHEMA = "https://concern-broker.example/schemas/fact/1.0.json"
STATEMENT_SCHEMA = "https://concern-broker.example/schemas/statement/1.0.json"
DATASCHEMA = {
    EventType.CONCERN_RAISED: (
        "https://concern-broker.example/schemas/concern-notification/1.0.json"
    ),
    **dict.fromkeys(STATEMENTS, STATEMENT_SCHEMA),
}

BROKER_ONLY = ("present", "routing", "native")
"""Claims that only the broker receives and never forwards."""

CLAIM_NAMES = frozenset(
    [f"{category.value}.{part}" for category in Category for part in ("summary", "full")]
    + [*BROKER_ONLY, "fact"]
)


@cache
def schema(name: str) -> dict[str, Json]:
    """One schema file: `concern.raised-1.0`, `fact-1.0` or `statement-1.0`."""
    text = files("broker.schemas").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Json] = json.loads(text)
    return found


@cache
def _validator(type_of: EventType) -> jsonschema_rs.Validator:
    whole = schema("concern.raised-1.0")
    if type_of is not EventType.CONCERN_RAISED:
        shared = jsonschema_rs.Registry([(str(whole["$id"]), whole)])
        named = "statement-1.0" if type_of in STATEMENTS else "fact-1.0"
        return jsonschema_rs.validator_for(schema(named), registry=shared)
    return jsonschema_rs.validator_for({"$ref": "#/$defs/claims", "$defs": whole["$defs"]})


def fault_in(type_of: EventType, claims: Mapping[str, Json]) -> str | None:
    """
    Where the claims do not fit their schema, as a path and the rule, never the value; None if they
    do. `claims`: plain claims, broker-only claims and `categories`, as before signing.
    """
    for error in _validator(type_of).iter_errors(dict(claims)):
        path = "/".join(str(step) for step in error.instance_path)
        rule = [str(step) for step in error.schema_path if not str(step).isdigit()]
        return f"/{path}: {rule[-1] if rule else 'schema'}"
    return None


def before_signing(plain: Mapping[str, Json], claims: Mapping[str, Json]) -> dict[str, Json]:
    """The claims of a token put together again as the object that was signed."""
    categories: dict[str, dict[str, Json]] = {}
    whole: dict[str, Json] = dict(plain)
    for name, value in claims.items():
        category, _, part = name.partition(".")
        if part:
            categories.setdefault(category, {})[part] = value
        else:
            whole[name] = value
    if categories:
        whole["categories"] = categories
    return whole
