"""`broker corpus`: messages that others wrote, through the real adapters; nothing may vanish."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.edge import Answer
from adapters.formats import format_of
from adapters.health.hl7v2.syntax import pieces_of
from adapters.mllp import outcome_of
from broker.cli.read import outcomes
from broker.domain.words import Agency
from broker.errors import Malformed

FOUND_SOMETHING, MISUSE = 3, 2
_NO_MESSAGES = "schemas, licences, label maps"
_ELSEWHERE = "lists for matching, manifests"
_FOLDERS = {
    "health": Agency.HEALTH,
    "police": Agency.POLICE,
    "schools": Agency.SCHOOLS,
    "childrens_services": Agency.CHILDRENS_SERVICES,
}
# Of all public sources these two hold records that somebody made of a concern: episodes of need,
# contacts and referrals. Whatever another raised would be a false concern.
_RECORDS = frozenset({"childrens_services/cin", "childrens_services/liia"})


def _describes(path: Path) -> bool:
    """Whether a JSON file is a schema of messages, not a message."""
    return path.suffix == ".json" and b'"$schema"' in path.read_bytes()[:400]


def _is_message(path: Path) -> bool:
    return (
        path.suffix not in {".txt", ".md", ".xsd", ".yml", ".yaml", ""}
        and not path.name.startswith("LICEN")
        and not ("schema" in path.name.casefold() or _describes(path))
    )


def add_to(app: typer.Typer) -> None:
    app.command()(corpus)


@dataclass(slots=True)
class _Line:
    """One source's figures."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    may_raise: bool = False


def corpus(shared: Annotated[Path, typer.Argument(help="The folder that holds samples/.")]) -> None:
    """Read every sample; compare the invented ones with expected.json; print a table per source."""
    samples = shared / "samples"
    if not (samples / "expected.json").is_file():
        typer.echo(f"broker: no_corpus: {samples} has no expected.json", err=True)
        raise typer.Exit(MISUSE)
    expected = json.loads((samples / "expected.json").read_text(encoding="utf-8"))
    table: dict[str, _Line] = {}
    apart: Counter[str] = Counter()
    raised: set[str] = set()
    for file, agency in _files(samples):
        if agency is None or not _is_message(file):
            apart[_ELSEWHERE if agency is None else _NO_MESSAGES] += 1
            continue
        name = str(file.relative_to(samples))
        source = "/".join(Path(name).parts[:2])
        line = table.setdefault(source, _Line(may_raise=source in _RECORDS))
        problems = _problems(file, agency, line, expected.get(name), raised)
        line.problems += [f"{name}: {problem}" for problem in problems]
    _print(table, apart)
    raise typer.Exit(FOUND_SOMETHING if any(line.problems for line in table.values()) else 0)


def _files(samples: Path) -> Iterator[tuple[Path, Agency | None]]:
    """Every file, with the agency that it is from; None for what no agency sends."""
    for file in sorted(samples.rglob("*")):
        if file.is_file():
            yield file, _FOLDERS.get(file.relative_to(samples).parts[0])


def _problems(
    file: Path,
    agency: Agency,
    line: _Line,
    expected: Mapping[str, Any] | None,
    raised: set[str],
) -> list[str]:
    """Reads one file, adds to the figures of its source, and says what is wrong."""
    began = time.perf_counter()
    try:
        found = list(outcomes(file, agency, None, raised))
    except Exception as fault:
        line.counts["crashes"] += 1
        return [type(fault).__name__]
    finally:
        line.seconds += time.perf_counter() - began
        line.counts["files"] += 1
    line.counts.update({"messages": messages_in(file.read_bytes(), agency, len(found))})
    line.counts.update(Counter(each["outcome"] for each in found))
    if not found:
        return ["not accounted for"]
    if expected is not None:
        return [*differences(found, expected), *_answered(file, found, expected)]
    if not line.may_raise and any(each["outcome"] == "notification" for each in found):
        return ["raised a concern"]
    return []


def messages_in(native: bytes, agency: Agency, items: int) -> int:
    """How many messages a file holds: by its own marks where it has such, else one an item."""
    if format_of(agency, native) != "hl7v2":
        return items
    try:
        return len(pieces_of(native).messages)
    except Malformed:
        return items


def _answered(
    file: Path, found: list[dict[str, Any]], expected: Mapping[str, Any]
) -> Sequence[str]:
    """What an MLLP sender would be answered."""
    wanted = expected.get("ack")
    answers = [Answer(outcome=each["outcome"], reason=each["reason"]) for each in found]
    said = outcome_of(answers, file.read_bytes()).code if wanted else None
    return [] if said == wanted else [f"answered {said}, not {wanted}"]


def differences(found: list[dict[str, Any]], expected: Mapping[str, Any]) -> list[str]:
    """What is not as expected.json says."""
    if "rows" in expected:
        return _rows(found, expected["rows"])
    wanted = [phrase for phrase in _phrases(expected["events"]) if not _is_for_a_person(phrase)]
    left = [_words(each) for each in found if each["notification"]]
    wrong = []
    for phrase in wanted:
        known = set(phrase.split()) - {"at"}
        match = next((each for each in left if known <= each), None)
        if match is None:
            wrong.append(f"no {phrase}")
        else:
            left.remove(match)
    wrong += [f"not expected: {' '.join(sorted(each))}" for each in left]
    quarantine = str(expected.get("quarantine", ""))
    called = any(map(_is_for_a_person, expected["events"]))
    quarantine = quarantine or ("needs_person" if called else "")
    if quarantine and not any(_is_quarantine(each, quarantine) for each in found):
        wrong.append(f"no quarantine {quarantine}")
    raised = [each["notification"]["data"] for each in found if each["notification"]]
    return wrong + [fault for data in raised for fault in _faults(data, expected)]


def _is_for_a_person(phrase: str) -> bool:
    return phrase.startswith("duty for a person")


def _phrases(events: Sequence[str]) -> list[str]:
    """`identity.changed recorded x2` is two."""
    found = []
    for phrase in events:
        said, _, times = phrase.rpartition(" x")
        found += [said] * int(times) if said and times.isdigit() else [phrase]
    return found


def _words(outcome: Mapping[str, Any]) -> set[str]:
    """All that an event may be called by: its type, what it is about, its marks."""
    made = outcome["notification"]
    fact = made["data"].get("fact", {})
    words = {made["type"], fact.get("status"), fact.get("relationship"), made["data"].get("kind")}
    words |= {name for name in ("from", "until", "withdrawn") if fact.get(name)}
    words.add(str(fact.get("organisation", "")).rpartition(":")[2])
    return {str(word) for word in words if word}


def _rows(found: list[dict[str, Any]], rows: Sequence[str]) -> list[str]:
    pairs = zip(found, rows, strict=False)
    wrong = [f"row {n}: {_said(got)}, not {row}" for n, (got, row) in enumerate(pairs, 1)
             if not _is(got, row)]  # fmt: skip
    return wrong + ([] if len(found) == len(rows) else [f"{len(found)} rows"])


def _faults(data: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """What an event says otherwise than expected."""
    routing = expected.get("routing", {})
    wrong = [
        f"routing {name}" for name in routing if data.get("routing", {}).get(name) != routing[name]
    ]
    if data["type"] != "concern.raised":
        return wrong
    identity = data["categories"]["identity"]
    numbers = identity.get("full", {}).get("identifiers", [])
    says = {
        "level": data["level"],
        "abuse": data["categories"]["narrative"]["summary"].get("abuse"),
        "subject_kind": identity["summary"]["subject_kind"],
        "assurance": next((each["assurance"] for each in numbers), None),
    }
    return wrong + [
        f"{name} {says[name]}" for name in says if expected.get(name, says[name]) != says[name]
    ]


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


def _print(table: Mapping[str, _Line], apart: Mapping[str, int]) -> None:
    typer.echo(f"{'source':<38}" + "".join(f"{name:>14}" for name in (*_COLUMNS, "seconds")))
    every = Counter[str]()
    for source, line in table.items():
        every.update(line.counts)
        typer.echo(f"{source:<38}{_figures(line.counts)}{line.seconds:>14.2f}")
    typer.echo(f"{'all':<38}{_figures(every)}{sum(x.seconds for x in table.values()):>14.2f}")
    for kind, count in apart.items():
        typer.echo(f"no messages: {kind}: {count} files")
    typer.echo(f"{every['files'] + sum(apart.values())} files, all accounted for")
    for source, line in table.items():
        for problem in line.problems:
            typer.echo(f"PROBLEM {source}: {problem}")


def _figures(counts: Mapping[str, int]) -> str:
    return "".join(f"{counts.get(name, 0):>14}" for name in _COLUMNS)
