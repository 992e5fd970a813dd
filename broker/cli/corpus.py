"""`broker corpus`: messages that others wrote, through the real adapters; nothing may vanish."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.cli.read import outcomes
from broker.domain.words import Agency

FOUND_SOMETHING = 3
# Formats of the corpus that no adapter of this version reads: listed, never dropped silently.
_NOT_READ: dict[str, Callable[[Path], bool]] = {
    "HL7 v2": lambda path: path.suffix == ".hl7",
    "schemas and licences": lambda path: (
        path.suffix in {".txt", ".md", ".xsd", ".yml"}
        or path.name.startswith("LICEN")
        or "schema" in path.name.casefold()
    ),
    "MNS events": lambda path: "/mns/" in str(path),
    "POLE JSON": lambda path: path.name.startswith("pole-"),
    "CTF XML, Ed-Fi": lambda path: "/schools/" in str(path) and path.suffix == ".xml",
    "CIN XML, Annex A, SSDA903, indexes": lambda path: (
        "/childrens_services/" in str(path) and "/invented/csc-" not in str(path)
    ),
    "FHIR as XML": lambda path: "/health/" in str(path) and path.suffix == ".xml",
}
_FOLDERS = {
    "health": Agency.HEALTH,
    "police": Agency.POLICE,
    "schools": Agency.SCHOOLS,
    "childrens_services": Agency.CHILDRENS_SERVICES,
}


def add_to(app: typer.Typer) -> None:
    app.command()(corpus)


@dataclass(slots=True)
class _Line:
    """One source's figures."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def corpus(shared: Annotated[Path, typer.Argument(help="The folder that holds samples/.")]) -> None:
    """Read every sample; compare the invented ones with expected.json; print a table per source."""
    samples = shared / "samples"
    expected = json.loads((samples / "expected.json").read_text(encoding="utf-8"))
    table: dict[str, _Line] = {}
    not_read: Counter[str] = Counter()
    for file, agency in _files(samples):
        kind = next((name for name, matches in _NOT_READ.items() if matches(file)), None)
        if kind is not None:
            not_read[kind] += 1
            continue
        source = "/".join(file.relative_to(samples).parts[:2])
        _run(file, agency, table.setdefault(source, _Line()), expected, samples)
    _print(table, not_read)
    raise typer.Exit(FOUND_SOMETHING if any(line.problems for line in table.values()) else 0)


def _files(samples: Path) -> Iterator[tuple[Path, Agency]]:
    for folder, agency in _FOLDERS.items():
        for file in sorted((samples / folder).rglob("*")):
            if file.is_file():
                yield file, agency


def _run(
    file: Path, agency: Agency, line: _Line, expected: Mapping[str, Any], samples: Path
) -> None:
    name = str(file.relative_to(samples))
    began = time.perf_counter()
    try:
        found = list(outcomes(file, agency, None))
    except Exception as fault:
        line.counts["crashes"] += 1
        line.problems.append(f"{name}: {type(fault).__name__}")
        return
    finally:
        line.seconds += time.perf_counter() - began
        line.counts["files"] += 1
    line.counts.update({"messages": len(found)})
    line.counts.update(Counter(each["outcome"] for each in found))
    if not found:
        line.problems.append(f"{name}: not accounted for")
    if name in expected:
        line.problems += [f"{name}: {problem}" for problem in differences(found, expected[name])]
    elif any(each["outcome"] == "notification" for each in found):
        line.problems.append(f"{name}: raised a concern")


def differences(found: list[dict[str, Any]], expected: Mapping[str, Any]) -> list[str]:
    """What is not as expected.json says."""
    if "rows" in expected:
        pairs = zip(found, expected["rows"], strict=False)
        wrong = [
            f"row {n}: {_said(got)}, not {row}"
            for n, (got, row) in enumerate(pairs, 1)
            if not _is(got, row)
        ]
        short = [] if len(found) == len(expected["rows"]) else [f"{len(found)} rows"]
        return wrong + short
    events = [_said(each) for each in found if each["notification"]]
    wanted = [event.partition(" ")[0] for event in expected["events"]]
    wrong = [] if sorted(events) == sorted(wanted) else [f"{events}, not {wanted}"]
    reason = str(expected.get("quarantine", "")).partition(" ")[0]
    if reason and reason not in {each["reason"] for each in found}:
        wrong.append(f"no quarantine {reason}")
    return wrong + _level_and_abuse(found, expected)


def _level_and_abuse(found: list[dict[str, Any]], expected: Mapping[str, Any]) -> list[str]:
    raised = [each["notification"]["data"] for each in found if _said(each) == "concern.raised"]
    wrong = []
    for data in raised:
        abuse = data["categories"]["narrative"]["summary"].get("abuse")
        if "abuse" in expected and abuse != expected["abuse"]:
            wrong.append(f"abuse {abuse}")
        if "level" in expected and data["level"] != expected["level"]:
            wrong.append(f"level {data['level']}")
        for name, value in expected.get("routing", {}).items():
            if data["routing"].get(name) != value:
                wrong.append(f"routing {name}")
    return wrong


def _said(outcome: Mapping[str, Any]) -> str:
    made = outcome["notification"]
    return str(made["type"]) if made else str(outcome["outcome"])


def _is(outcome: Mapping[str, Any], row: str) -> bool:
    """Whether an outcome is what a row of expected.json says."""
    if row.startswith("ignored"):
        return bool(outcome["outcome"] == "nothing")
    if row.startswith("quarantine"):
        return bool(outcome["outcome"] == "quarantine" and outcome["reason"] in row)
    return _said(outcome) == row.split(" ", maxsplit=1)[0]


_COLUMNS = ("files", "messages", "notification", "fact", "nothing", "quarantine", "crashes")


def _print(table: Mapping[str, _Line], not_read: Mapping[str, int]) -> None:
    typer.echo(f"{'source':<40}" + "".join(f"{name:>14}" for name in (*_COLUMNS, "seconds")))
    for source, line in table.items():
        figures = "".join(f"{line.counts[name]:>14}" for name in _COLUMNS)
        typer.echo(f"{source:<40}{figures}{line.seconds:>14.2f}")
    for kind, count in not_read.items():
        typer.echo(f"not read by this version: {kind}: {count} files")
    for source, line in table.items():
        for problem in line.problems:
            typer.echo(f"PROBLEM {source}: {problem}")
