"""A check finds everything that is wrong, and says file, line and what to write instead."""

import re
from pathlib import Path

import pytest

from broker.errors import PolicySetInvalid
from broker.policy import CompiledPolicies
from broker.policy.bundle import read_bundle
from broker.policy.check import check
from broker.policy.held import HeldFolder
from broker.policy.places import line_in_yaml, statements
from broker.policy.publication import files_of
from tests.unit.policy_sets import small_set

SEALED = "restrictions/sealed.cedar"
CONFLICT = "restrictions/conflict-of-interest.cedar"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_set(tmp_path)


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def line_of(file: Path, word: str) -> int:
    """Where the word stands first, as an editor counts."""
    return next(n for n, line in enumerate(file.read_text().split("\n"), 1) if word in line)


def found(folder: Path) -> list[str]:
    return [str(each) for each in check(folder, CompiledPolicies).found]


def test_nothing_is_found_in_a_good_set(folder: Path) -> None:
    result = check(folder, CompiledPolicies)
    assert result.found == ()
    assert (result.policies, len(result.cases), len(result.invariants)) == (3, 3, 1)


@pytest.mark.parametrize(
    ("file", "before", "after", "line_has", "said"),
    [
        (SEALED, "context.sealed", "context.seeled", "seeled", "forbid-sealed.*write words that"),
        (SEALED, "{ context.sealed }", '{ context.sealed == "no" }', '@id("', "forbid-sealed"),
        (SEALED, "context.sealed", '1 + 9223372036854775807 > 0', '@id("', "could fail"),
        (SEALED, "forbid (", "forbidden (", "forbidden (", "invalid policy effect"),
        (SEALED, "resource\n", "resorce\n", "resorce", "resorce"),
        (SEALED, "forbid-sealed", "forbid-conflict-of-interest", '@id("', f"twice.*{CONFLICT}:1"),
        (CONFLICT, "route_to_deputy", "ask_around", '@id("', "unknown duty ask_around: write one"),
        (CONFLICT, "when { context.conflict }", "when {context.conflict}", "when {", "format it"),
        ("gateways.yaml", "  from:", "  form:", "gateway:", "0.form: .*not permitted|write from"),
        ("levels.yaml", "[mash_screener", "[mash_screner", "mash_screner", "mash_screner"),
        ("consent.yaml", "agreed_states: [", "agreed_states: [[", "", "no YAML"),
        ("precedence.yaml", "- own-", "- mine-", "", "precedence.yaml"),
        (
            "invariants/a-sealed-concern-is-told-to-nobody.yaml",
            "at_most: nothing",
            "at_least: full",
            "sentence:",
            "not true: A sealed concern.*when sealed is true, role is mash_screener, level is",
        ),
        (
            "invariants/a-sealed-concern-is-told-to-nobody.yaml",
            "role: every",
            "rule: every",
            "rule",
            "a question has no rule",
        ),
        (
            "cases/a-desk-sees-its-own-concern.json",
            '"narrative": "full"',
            '"narrative": "summary"',
            '"narrative"',
            "narrative: full, not summary: change the policies, or write what is to be told",
        ),
        ("cases/a-desk-sees-its-own-concern.json", '"gp"', '"gee pee"', "gee", "gee pee"),
        ("cases/a-desk-sees-its-own-concern.json", '"own": true', '"own" true', '"own"', "Expect"),
        ("cases/nobody-sees-it-sealed.json", '"because"', '"becuase"', "", "write 'because'"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_file_a_line_and_what_to_write(  # noqa: PLR0917
    folder: Path, file: str, before: str, after: str, line_has: str, said: str
) -> None:
    change(folder / file, before, after)
    listed = found(folder)
    wanted = f"{file}:{line_of(folder / file, line_has)}: " if line_has else ""
    matching = [each for each in listed if each.startswith(wanted) and re.search(said, each)]
    assert matching, listed


def test_a_gateway_without_dates_is_found(folder: Path) -> None:
    text = (folder / "gateways.yaml").read_text()
    (folder / "gateways.yaml").write_text(re.sub(r"^  from: .*\n", "", text, count=1, flags=re.M))
    assert any(re.match(r"gateways\.yaml:\d+: 0: .*write from", each) for each in found(folder))


def test_a_policy_that_no_case_names_is_found_where_it_stands(folder: Path) -> None:
    (folder / "cases/nobody-sees-it-sealed.json").unlink()
    assert found(folder) == [
        f"{SEALED}:1: no case names forbid-sealed: write one in cases/ that it decides,"
        " or remove it"
    ]


def test_everything_is_found_and_not_only_the_first(folder: Path) -> None:
    change(folder / SEALED, "context.sealed", "context.seeled")
    change(folder / CONFLICT, "context.conflict", "context.conflct")
    change(folder / "own/own-concern.cedar", "@basis", "@bases")
    change(folder / "levels.yaml", "early_help", "early_halp")
    change(folder / "routing.yaml", "early_help", "early_halp")
    change(folder / "cases/nobody-sees-it-sealed.json", '"gp"', '"pg"')
    change(folder / "invariants/a-sealed-concern-is-told-to-nobody.yaml", "every", "evry")
    files = {each.split(":")[0] for each in found(folder)}
    assert files >= {
        SEALED,
        CONFLICT,
        "own/own-concern.cedar",
        "levels.yaml",
        "routing.yaml",
        "cases/nobody-sees-it-sealed.json",
        "invariants/a-sealed-concern-is-told-to-nobody.yaml",
    }


def test_the_line_is_that_of_the_second_policy_in_a_file(folder: Path) -> None:
    both = (
        (folder / SEALED).read_text()
        + "\n// a comment; with a semicolon\n\n"
        + (folder / CONFLICT).read_text().replace("context.conflict", "context.conflct")
    )
    (folder / SEALED).write_text(both)
    (folder / CONFLICT).unlink()
    line = line_of(folder / SEALED, "conflct")
    assert any(each.startswith(f"{SEALED}:{line}: ") for each in found(folder))


def test_semicolons_in_strings_and_comments_end_no_policy() -> None:
    forbid = '@explain("a; b // c")\nforbid (principal, action, resource);'
    text = f"// one; two\n{forbid}\n\npermit (principal, action, resource);"
    listed = statements(text)
    assert [(each.line, each.text.split("\n")[0]) for each in listed] == [
        (2, '@explain("a; b // c")'),
        (5, "permit (principal, action, resource);"),
    ]


def test_a_place_in_yaml_is_found_by_its_path() -> None:
    text = "a: 1\nb:\n  - x: 1\n  - y: 2\n    z: 3\n"
    assert [line_in_yaml(text, place) for place in (("b", 1, "z"), ("b", 1), ("b", 9), ("q",))] == [
        *(5, 4, 2, 1)
    ]
    assert line_in_yaml("a: [", ()) == 1
    assert line_in_yaml("", ("a",)) == 1


def test_no_folder_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(PolicySetInvalid, match="policy_file"):
        check(tmp_path / "nowhere", CompiledPolicies)


def test_a_set_held_in_memory_is_the_set_on_disk(folder: Path) -> None:
    held = HeldFolder(files_of(folder))
    assert read_bundle(held) == read_bundle(folder)
    assert files_of(held) == files_of(folder)
    assert check(held, CompiledPolicies) == check(folder, CompiledPolicies)
