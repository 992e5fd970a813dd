"""Code tables: data with a source and a status each. What a code means is here, never in code."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> Mapping[str, Mapping[str, Any]]:
    """The rows of `<name>.json`, by code, or by the source that they map from."""
    text = files("adapters.codes").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return {row.get("code") or row["from"]: row for row in json.loads(text)["entries"]}


def icd10(code: str) -> Mapping[str, Any] | None:
    """The row of an ICD-10 code, written with or without its dot; Y06 and Y07 by beginning."""
    plain = code.replace(".", "").upper()
    rows = table("icd10_abuse")
    for known, row in rows.items():
        short = known.replace(".", "")
        if plain == short or ("prefix" in row["meaning"] and plain.startswith(short)):
            return row
    return None
