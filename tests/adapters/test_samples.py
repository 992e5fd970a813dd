"""Each invented sample gives exactly what stands beside it; a change in what is read shows here."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

import adapters
from adapters.contract import Event, Nothing, Quarantined, Site
from adapters.events import cloud_event, lane
from adapters.formats import ADAPTERS, format_of
from adapters.sites import read_profile, site
from broker.domain.words import Agency

ROOT = Path(adapters.__file__).parent
RECEIVED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def _samples() -> Iterator[tuple[Agency, Path]]:
    for agency in (Agency.POLICE, Agency.SCHOOLS):
        for file in sorted((ROOT / agency.value / "samples").iterdir()):
            if not file.name.endswith(".items.json"):
                yield agency, file


def where(agency: Agency, native: bytes, profile: str | None = None) -> tuple[Site, Any]:
    found = ADAPTERS[agency][format_of(agency, native)]
    return site(agency, read_profile(agency, profile or found.profile), RECEIVED), found.read


def read_sample(agency: Agency, file: Path) -> list[dict[str, Any]]:
    """By the profile of the sample's name, if one ships."""
    native = file.read_bytes()
    own = ROOT / agency.value / "profiles" / f"{file.stem}.yaml"
    at, reads = where(agency, native, file.stem if own.is_file() else None)
    told: list[dict[str, Any]] = []
    for item in reads(native, at):
        if isinstance(item, Nothing):
            told.append({"nothing": item.reason})
        elif isinstance(item, Quarantined):
            told.append({"quarantine": item.reason, "detail": item.detail, "lane": item.lane.value})
        else:
            event = cloud_event(item, at, event_key=bytes(32))
            assert isinstance(event, dict), event
            told.append({"lane": lane(item).value, "event": event})
    return told


@pytest.mark.parametrize(
    ("agency", "file"), list(_samples()), ids=lambda value: getattr(value, "name", "")
)
def test_sample(agency: Agency, file: Path) -> None:
    expected = json.loads(file.with_name(f"{file.name}.items.json").read_text())
    assert read_sample(agency, file) == expected


@pytest.mark.parametrize(
    ("agency", "file"), list(_samples()), ids=lambda value: getattr(value, "name", "")
)
def test_read_twice_it_has_the_same_ids(agency: Agency, file: Path) -> None:
    assert read_sample(agency, file) == read_sample(agency, file)


def test_the_words_of_a_school_survive_byte_for_byte() -> None:
    words = 'She said "leave it" | ^~\\& <b>=1+1</b>, twice.\r\nThen nothing.'
    header = (ROOT / "schools/samples/safeguarding.csv").read_bytes().split(b"\r\n")[0]
    row = {
        "Incident ID": "INC-1",
        "Updated": "1",
        "Status": "Open",
        "Pupil ID": "9",
        "Forename": "Kit",
        "Surname": "Testrow",
        "DOB": "01/05/2015",
        "Category": "Disclosure",
        "Incident Date": "20/11/2026",
        "Description": '"' + words.replace('"', '""') + '"',
        "How worried": "Worried",
        "Safe to tell home": "No",
        "Reply to": "01632 960114",
    }
    names = header.decode("cp1252").strip().split(",")
    native = header + b"\r\n" + ",".join(row.get(name, "") for name in names).encode() + b"\r\n"
    at, reads = where(Agency.SCHOOLS, native)
    (item,) = reads(native, at)
    assert isinstance(item, Event)
    assert cast("dict[str, str]", item.categories["narrative"]["full"])["words"] == words


def write_anew() -> None:
    """`python -m tests.adapters.test_samples`: the difference is for a person to review."""
    for agency, file in _samples():
        text = json.dumps(read_sample(agency, file), indent=1, ensure_ascii=False)
        file.with_name(f"{file.name}.items.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write_anew()
