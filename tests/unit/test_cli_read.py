"""`broker read` and `broker corpus`: a line for every message, and no traceback for any file."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from broker.cli.application import application
from broker.domain.words import Agency
from tests.adapters import held

HEALTH = {path.stem: path for path in held.samples(Agency.HEALTH, "fhir-r4")}
COUNCIL = {path.stem: path for path in held.samples(Agency.CHILDRENS_SERVICES, "csc-json")}


def run(*words: str) -> tuple[int, list[dict[str, Any]], str]:
    done = CliRunner().invoke(application(), list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def read(agency: str, *words: str) -> list[dict[str, Any]]:
    code, lines, said = run("read", "--agency", agency, *words)
    assert (code, said) == (0, "")
    return lines


def test_a_concern_is_a_notification_with_the_object_before_signing() -> None:
    (line,) = read("health", str(HEALTH["fhir-condition-raise"]))
    assert (line["outcome"], line["reason"]) == ("notification", None)
    assert line["notification"]["type"] == "concern.raised"
    assert line["file"] == str(HEALTH["fhir-condition-raise"])


def test_every_message_of_every_file_has_a_line() -> None:
    lines = read("childrens_services", *map(str, COUNCIL.values()))
    assert {line["file"] for line in lines} == set(map(str, COUNCIL.values()))
    outcomes = {line["outcome"] for line in lines}
    assert outcomes == {"notification", "fact", "nothing", "quarantine"}
    for line in lines:
        assert (line["notification"] is None) is (line["outcome"] in {"nothing", "quarantine"})


def test_a_retraction_is_a_notification_and_a_case_a_fact() -> None:
    lines = read("childrens_services", str(COUNCIL["csc-purge"]))
    assert [line["outcome"] for line in lines] == ["notification", "fact"]


def test_what_cannot_be_read_is_a_line_with_its_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\x00\xff{")
    lines = read("health", str(broken), str(tmp_path))
    assert [(line["outcome"], line["reason"]) for line in lines] == [
        ("quarantine", "bad_encoding"),
        ("quarantine", "unreadable"),
    ]


@pytest.mark.parametrize("agency", [each.value for each in Agency])
@pytest.mark.parametrize(
    "native", [b"", b"\x00" * 64, b"<a/>", b"{}", b"[]", b"a,b\n1,2\n", b"\xff\xfe<\x00a\x00"]
)
def test_no_file_whatever_ends_in_a_traceback(agency: str, native: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(native)
    assert read(agency, str(file))


@pytest.mark.parametrize("name", ["school-safeguarding", "school-safeguarding/1"])
def test_a_profile_is_named_with_or_without_its_version(name: str, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("Incident ID,Nothing\n1,2\n")
    (line,) = read("schools", "--profile", name, str(file))
    assert line["reason"] == "missing_column"


def test_a_profile_may_be_a_file(tmp_path: Path) -> None:
    profile = tmp_path / "clinic.yaml"
    profile.write_text("{publisher: 'org:ods:RYY', source: /health/ods/RYY/fhir-r4}")
    sample = str(HEALTH["fhir-condition-raise"])
    (line,) = read("health", "--profile", str(profile), sample)
    assert line["notification"]["data"]["iss"] == "org:ods:RYY"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["read", "--agency", "health", "/no/such/file"], "no_file"),
        (["read", "--agency", "health", "--profile", "nobodys", "SAMPLE"], "no_profile"),
        (["read", "--agency", "schools", "--profile", "BAD", "SAMPLE"], "profile_lacks"),
        (["read", "--agency", "schools", "--profile", "TEXT", "SAMPLE"], "profile_not_yaml"),
        (["read", "--agency", "schools", "--profile", "OTHER", "SAMPLE"], "profile_of_another"),
        (["corpus", "/no/such/folder"], "no_corpus"),
    ],
)
def test_misuse_is_one_sentence_and_exit_code_2(
    words: list[str], said: str, tmp_path: Path
) -> None:
    files = {
        "BAD": "{publisher: 'org:school:1', source: /s}",
        "TEXT": "just words",
        "OTHER": "{agency: health}",
        "SAMPLE": "a,b\n",
    }
    for name, written in files.items():
        (tmp_path / name).write_text(written)
    code, lines, told = run(*(str(tmp_path / word) if word in files else word for word in words))
    assert (code, lines) == (2, [])
    assert told.startswith(f"broker: {said}")
    assert told.count("\n") == 1


# The corpus ---------------------------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A corpus of one invented concern and one public file that holds none."""
    invented, public = tmp_path / "samples/health/invented", tmp_path / "samples/health/public"
    invented.mkdir(parents=True)
    public.mkdir()
    raised = HEALTH["fhir-condition-raise"].read_bytes()
    (invented / "raise.json").write_bytes(raised)
    (public / "none.json").write_bytes(HEALTH["fhir-words-only"].read_bytes())
    (public / "adt.hl7").write_bytes(b"MSH|^~\\&|")
    expect(tmp_path, events=["concern.raised"], abuse=["UNSPECIFIED"], assurance="verified")
    return tmp_path


def expect(shared: Path, **what: Any) -> None:
    file = shared / "samples/expected.json"
    file.write_text(json.dumps({"health/invented/raise.json": what}))


def corpus(shared: Path) -> tuple[int, str]:
    done = CliRunner().invoke(application(), ["corpus", str(shared)])
    return done.exit_code, done.stdout


def test_a_corpus_that_reads_as_expected_accounts_for_every_file(shared: Path) -> None:
    code, said = corpus(shared)
    assert code == 0, said
    public = next(line.split() for line in said.splitlines() if line.startswith("health/public"))
    assert public[1:8] == ["2", "2", "0", "0", "1", "1", "0"]
    assert "4 files, all accounted for" in said


@pytest.mark.parametrize(
    "what",
    [
        {"events": []},
        {"events": ["concern.raised", "case.opened"]},
        {"events": ["concern.raised"], "abuse": ["PHY"]},
        {"events": ["concern.raised"], "level": "emergency"},
        {"events": ["concern.raised"], "assurance": "invalid"},
        {"events": ["concern.raised"], "routing": {"location_protected": True}},
        {"events": ["concern.raised"], "subject_kind": "unborn"},
        {"events": ["concern.raised"], "quarantine": "about_relative"},
    ],
)
def test_whatever_is_not_as_expected_is_a_problem(shared: Path, what: dict[str, Any]) -> None:
    expect(shared, **what)
    code, said = corpus(shared)
    assert code == 3
    assert "PROBLEM health/invented: health/invented/raise.json" in said


def test_a_concern_from_a_public_file_is_a_problem(shared: Path) -> None:
    raised = HEALTH["fhir-condition-raise"].read_bytes()
    (shared / "samples/health/public/none.json").write_bytes(raised)
    code, said = corpus(shared)
    assert code == 3
    assert "raised a concern" in said
