"""
Samples and what reading them gives: `x.json` or `x.xml` beside `x.items.json`, held by a test of
each agency.

`python -m tests.adapters.held` writes the second anew; the difference is for a person to review.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from adapters.contract import Event, Item, Quarantined, Site
from adapters.events import cloud_event
from adapters.formats import ADAPTERS
from adapters.sites import read_profile, site
from broker.domain.words import Agency

RECEIVED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = bytes(32)
_RESULT = ".items.json"
_MOSTLY_EMPTY = frozenset({"names_no_record", "unseen", "former_subject_key", "excerpt"})
HELD = (
    (Agency.HEALTH, "fhir-r4"),
    (Agency.HEALTH, "hl7v2"),
    (Agency.HEALTH, "mns"),
    (Agency.HEALTH, "consent-json"),
    (Agency.CHILDRENS_SERVICES, "csc-json"),
    (Agency.CHILDRENS_SERVICES, "cin-xml"),
    (Agency.CHILDRENS_SERVICES, "consent-json"),
)


def where(agency: Agency, form: str, **profile: Any) -> Site:
    """The site of the profile that ships, with what a test adds to it."""
    return site(agency, {**_shipped(agency, form), **profile}, RECEIVED)


@cache
def _shipped(agency: Agency, form: str) -> Mapping[str, Any]:
    return read_profile(agency, ADAPTERS[agency][form].profile)


def samples(agency: Agency, form: str) -> list[Path]:
    folder = Path(str(files(f"adapters.{agency.value}"))) / "samples" / form
    return sorted(each for each in folder.iterdir() if not each.name.endswith(_RESULT))


def result_of(sample: Path) -> Path:
    return sample.with_name(sample.stem + _RESULT)


def read(agency: Agency, form: str, native: bytes, **profile: Any) -> Sequence[Item]:
    return ADAPTERS[agency][form].read(native, where(agency, form, **profile))


def events(items: Sequence[Item]) -> list[Event]:
    return [each for each in items if isinstance(each, Event)]


def signed(item: Event, agency: Agency, form: str) -> dict[str, Any]:
    """The claims as they would be signed; the test fails if they do not fit their schema."""
    made = cloud_event(item, where(agency, form), event_key=KEY)
    assert not isinstance(made, Quarantined), made
    data: dict[str, Any] = made["data"]
    return data


def written(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Items as JSON."""
    found = [
        {"item": type(each).__name__}
        | {k: v for k, v in dataclasses.asdict(each).items() if v or k not in _MOSTLY_EMPTY}
        for each in items
    ]
    plain: list[dict[str, Any]] = json.loads(json.dumps(found, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else str(value)


def write_anew() -> None:
    for agency, form in HELD:
        for sample in samples(agency, form):
            items = written(read(agency, form, sample.read_bytes()))
            text = json.dumps(items, indent=1, ensure_ascii=False, sort_keys=True)
            result_of(sample).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write_anew()
