"""`broker corpus`: messages that others wrote, through the real adapters; nothing may vanish."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from broker.cli.read import outcomes
from broker.domain.words import Agency

FOUND_SOMETHING, MISUSE = 3, 2
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
_ELSEWHERE = "lists for matching, manifests"
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
    if not (samples / "expected.json").is_file():
        typer.echo(f"broker: no_corpus: {samples} has no expected.json", err=True)
        raise typer.Exit(MISUSE)
    expected = json.loads((samples / "expected.json").read_text(encoding="utf-8"))
    table: dict[str, _Line] = {}
    not_read: Counter[str] = Counter()
    for file, agency in _files(samples):
        if agency is None:
            not_read[_ELSEWHERE] += 1
            continue
        kind = next((name for name, matches in _NOT_READ.items() if matches(file)), None)
        if kind is not None:
            not_read[kind] += 1
            continue
        source = "/".join(file.relative_to(samples).parts[:2])
        _run(file, agency, table.setdefault(source, _Line()), expected, samples)
    _print(table, not_read)
    raise typer.Exit(FOUND_SOMETHING if any(line.problems for line in table.values()) else 0)


def _files(samples: Path) -> Iterator[tuple[Path, Agency | None]]:
    """Every file, with the agency that it is from; None for what no agency sends."""
    for file in sorted(samples.rglob("*")):
        if file.is_file():
            yield file, _FOLDERS.get(file.relative_to(samples).parts[0])


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
        return _rows(found, expected["rows"])
    events = sorted(_said(each) for each in found if each["notification"])
    wanted = sorted(expected["events"])
    wrong = [] if events == wanted else [f"{events}, not {wanted}"]
    quarantine = str(expected.get("quarantine", ""))
    if quarantine and not any(_is_quarantine(each, quarantine) for each in found):
        wrong.append(f"no quarantine {quarantine}")
    raised = [each["notification"]["data"] for each in found if _is_raised(each)]
    return wrong + [fault for data in raised for fault in _faults(data, expected)]


def _rows(found: list[dict[str, Any]], rows: Sequence[str]) -> list[str]:
    pairs = zip(found, rows, strict=False)
    wrong = [f"row {n}: {_said(got)}, not {row}" for n, (got, row) in enumerate(pairs, 1)
             if not _is(got, row)]  # fmt: skip
    return wrong + ([] if len(found) == len(rows) else [f"{len(found)} rows"])


def _faults(data: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """What a concern says otherwise than expected."""
    identity = data["categories"]["identity"]
    numbers = identity.get("full", {}).get("identifiers", [])
    says = {
        "level": data["level"],
        "abuse": data["categories"]["narrative"]["summary"].get("abuse"),
        "subject_kind": identity["summary"]["subject_kind"],
        "assurance": next((each["assurance"] for each in numbers), None),
    }
    wrong = [
        f"{name} {says[name]}" for name in says if expected.get(name, says[name]) != says[name]
    ]
    routing = expected.get("routing", {})
    return wrong + [
        f"routing {name}" for name in routing if data["routing"].get(name) != routing[name]
    ]


def _is_raised(outcome: Mapping[str, Any]) -> bool:
    made = outcome["notification"]
    return bool(made) and made["type"] == "concern.raised"


def _said(outcome: Mapping[str, Any]) -> str:
    """An outcome in the words of expected.json: `case.closed section_47_enquiry withdrawn`."""
    made = outcome["notification"]
    if not made:
        return str(outcome["outcome"])
    fact = made["data"].get("fact", {})
    words = [made["type"], fact.get("status"), fact.get("relationship"), made["data"].get("kind")]
    words.append("withdrawn" if fact.get("withdrawn") else None)
    return " ".join(str(word) for word in words if word)


def _is_quarantine(outcome: Mapping[str, Any], wanted: str) -> bool:
    """`quarantine no_words, emergency`: the reason, the detail if one is given, and the lane."""
    reason, _, rest = wanted.partition(":")[0].partition(" ")
    if outcome["outcome"] != "quarantine" or outcome["reason"] != reason.rstrip(","):
        return False
    on_lane = "emergency" not in rest or outcome["lane"] == "emergency"
    detail = rest.removesuffix("emergency").strip(" ,")
    return on_lane and (not detail or detail in outcome["detail"])


def _is(outcome: Mapping[str, Any], row: str) -> bool:
    """Whether an outcome is what a row of expected.json says."""
    if row.startswith("ignored"):
        return bool(outcome["outcome"] == "nothing")
    if row.startswith("quarantine "):
        return _is_quarantine(outcome, row.removeprefix("quarantine "))
    said, _, more = row.partition(" ")
    return _said(outcome) == said and all(
        holds(outcome["notification"]["data"]) for word, holds in _ROW_SAYS.items() if word in more
    )


_ROW_SAYS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "emergency lane": lambda data: data["urgency"] == "immediate",
    "location_protected": lambda data: data["routing"]["location_protected"] is True,
    "fault bad_date": lambda data: (
        "bad_date" in {fault["why"] for fault in data["native"].get("faults", [])}
    ),
    "occurred unknown": lambda data: (
        data["categories"]["narrative"]["summary"]["occurred"] == "unknown"
    ),
}
_COLUMNS = ("files", "messages", "notification", "fact", "nothing", "quarantine", "crashes")


def _print(table: Mapping[str, _Line], not_read: Mapping[str, int]) -> None:
    typer.echo(f"{'source':<40}" + "".join(f"{name:>14}" for name in (*_COLUMNS, "seconds")))
    for source, line in table.items():
        figures = "".join(f"{line.counts[name]:>14}" for name in _COLUMNS)
        typer.echo(f"{source:<40}{figures}{line.seconds:>14.2f}")
    for kind, count in not_read.items():
        typer.echo(f"not read by this version: {kind}: {count} files")
    read = sum(line.counts["files"] for line in table.values())
    left = sum(not_read.values())
    typer.echo(f"{read + left} files: {read} read, {left} not read by this version")
    for source, line in table.items():
        for problem in line.problems:
            typer.echo(f"PROBLEM {source}: {problem}")
