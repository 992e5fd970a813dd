"""Numbers, dates, levels, names: the small things that every adapter relies on."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import codes, names
from adapters.dates import Moment, age_at, birth_date, is_adult, moment
from adapters.identifiers import nhs_number_assurance, upn_assurance
from adapters.levels import level_from, proposed, urgency
from adapters.natives import content_version, native_part, protect
from adapters.walk import dicts, is_true, one, text

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("9990000050", "checksum_ok"),
        (" 999 000 0050 ", "checksum_ok"),
        ("999-000-0050", "checksum_ok"),
        ("9990000051", "invalid"),
        ("0000000000", "invalid"),
        ("3333333333", "invalid"),
        ("999000005", "invalid"),
        ("٩٩٩٠٠٠٠٠٥٠", "invalid"),
        ("", "invalid"),
    ],
)
def test_an_nhs_number_counts_by_its_check_digit(number: str, expected: str) -> None:
    assert nhs_number_assurance(number) == expected


def test_only_a_valid_number_can_be_verified() -> None:
    assert nhs_number_assurance("9990000050", verified=True) == "verified"
    assert nhs_number_assurance("9990000051", verified=True) == "invalid"


@pytest.mark.parametrize(
    ("upn", "expected"),
    [
        ("K999200124001", "checksum_ok"),
        ("k999200124001", "checksum_ok"),
        ("A999200124001", "unverified"),
        ("K99920012400", "invalid"),
        ("K9992001240011", "invalid"),
        ("1999200124001", "invalid"),
    ],
)
def test_a_upn_counts_by_its_check_letter(upn: str, expected: str) -> None:
    assert upn_assurance(upn) == expected


def test_a_temporary_upn_ends_in_a_letter() -> None:
    kept = [f"{letter}99920012400A" for letter in "ABCDEFGHJKLMNPQRTUVWXYZ"]
    assert [upn_assurance(upn) for upn in kept].count("checksum_ok") == 1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2014", "2014"),
        ("2014-05", "2014-05"),
        ("2014-05-05", "2014-05-05"),
        ("2014-02-31", None),
        ("2014-13", None),
        ("0000", None),
        ("1900-01-01", None),
        ("1970-01-01", None),
        ("05/05/2014", None),
        ("2014-5-5", None),
        ("", None),
    ],
)
def test_a_birth_date_is_never_padded_or_guessed(written: str, expected: str | None) -> None:
    assert birth_date(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-20T09:30:00Z", Moment(text="2026-11-20T09:30:00Z")),
        ("2026-11-20T09:30", Moment(text="2026-11-20T09:30:00+00:00")),
        ("2026-07-20T09:30:00", Moment(text="2026-07-20T09:30:00+01:00")),
        ("2026-07-20T09:30:00.1234567Z", Moment(text="2026-07-20T09:30:00.123456Z")),
        ("2026-10-25T01:30:00", Moment(text="2026-10-25T01:30:00+01:00")),
        ("2026-03-29T01:30:00", Moment(text="2026-03-29T02:30:00+01:00", exact=False)),
        ("2026-07-20T24:00:00Z", None),
        ("2026-07-20T09:30:00+99:00", None),
        ("0001-01-01T00:00:00", Moment(text="0001-01-01T00:00:00-00:01:15", exact=True)),
        ("20260720", None),
        ("now", None),
    ],
)
def test_a_moment_has_an_offset_or_the_profiles(written: str, expected: Moment | None) -> None:
    if written.startswith("0001"):  # before time zones: whatever it is, nothing is raised
        moment(written, LONDON)
    else:
        assert moment(written, LONDON) == expected


@given(written=st.text(max_size=30))
def test_any_text_whatever_is_a_moment_or_none(written: str) -> None:
    moment(written, LONDON)
    birth_date(written)
    age_at(written, written)


@pytest.mark.parametrize(
    ("born", "event", "age"),
    [
        ("2008-11-20", "2026-11-19", 17),
        ("2008-11-20", "2026-11-20T00:00:00Z", 18),
        ("2008-11", "2026-11-29", 17),
        ("2008", "2026-12-30", 17),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-11-20", "2026", None),
        ("2008-11-20", "2026-99-99", None),
        ("2008-11-20", "unknown", None),
        ("", "2026-11-20", None),
    ],
)
def test_age_is_at_the_event_and_the_youngest_that_a_partial_date_allows(
    born: str, event: str, age: int | None
) -> None:
    assert age_at(born, event) == age
    assert is_adult(born, event) is (age is not None and age >= 18)


def test_the_worst_that_the_source_says_is_the_level() -> None:
    assert proposed(["PHY", "UNSPECIFIED"]) == ("significant_harm", "proposed")
    assert proposed(["UNSPECIFIED"]) == ("child_in_need", "not_sure")
    assert proposed(["MUL"]) == ("child_in_need", "not_sure")
    assert proposed(["UNSPECIFIED"], also={"cause_for_concern"}) == ("child_in_need", "proposed")
    assert proposed(["NEG"], also={"police_protection"}) == ("emergency", "proposed")
    assert level_from({"section_47_enquiry", "referral_ended"}) == ("significant_harm", "confirmed")
    assert level_from(()) == ("child_in_need", "not_sure")


def test_urgency_is_that_of_the_level_or_sooner() -> None:
    assert urgency("emergency") == "immediate"
    assert urgency("significant_harm") == "same_day"
    assert urgency("child_in_need") == "routine"
    assert urgency("child_in_need", stated="immediate") == "immediate"
    assert urgency("emergency", stated="routine") == "immediate"


def test_a_name_that_does_not_fit_is_never_cut() -> None:
    faults: names.Faults = []
    assert names.name(" Wren-O'Dá ", "n", faults) == "Wren-O'Dá"
    assert faults == []
    assert names.name("a" * 101, "n", faults) == ""
    assert names.name("a\nb", "n", faults) == ""
    assert faults == [("n", "unreadable")] * 2


def test_what_fits_of_an_address_is_kept() -> None:
    faults: names.Faults = []
    made = names.address(["1 Hidden Way", " ", "x" * 121], "ZZ99 3WZ and more", "a", faults)
    assert made == {"lines": ["1 Hidden Way"]}
    assert faults == [("a", "unreadable")]


def test_protecting_twice_is_protecting_once() -> None:
    where = {"lines": ["1 Hidden Way"]}
    given_: dict[str, dict[str, dict[str, object]]] = {
        "identity": {"summary": {"known": "described"}, "full": {"address": where}},
        "education": {"summary": {"status": "enrolled"}, "full": {"school": {"name": "S"}}},
    }
    once = protect(given_)
    assert once["protected_location"] == {
        "summary": {"kind": "not_stated"},
        "full": {"address": where, "school": {"name": "S"}},
    }
    assert "full" not in once["identity"]
    assert protect(dict(once)) == once


def test_faults_are_noted_once_each() -> None:
    part = native_part(b"x", made_by="system", form="api", faults=[("a", "bad_date")] * 3)
    assert part["faults"] == [{"field": "a", "why": "bad_date"}]


def test_content_makes_the_version_whatever_the_order_of_its_names() -> None:
    assert content_version({"a": 1, "b": 2}) == content_version({"b": 2, "a": 1})
    assert content_version({"a": 1}) != content_version({"a": "1"})


def test_walking_survives_whatever_stands_there() -> None:
    assert dicts([{"a": 1}, 2, None, [{}]]) == [{"a": 1}]
    assert (dicts("a"), one(None)) == ([], {})
    written: list[Any] = [" a ", 7, 7.5, None, True, []]
    assert [text(each) for each in written] == ["a", "7", "", "", "", ""]
    assert [is_true(each) for each in (True, 1, "true", "1", False, 0, "no", None)] == [
        True, True, True, True, False, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "assessment_factors", "category_of_abuse", "closure_reasons", "disability", "ethnicity",
        "hl7v2_events", "icd10_abuse", "primary_need", "referral_sources",
        "snomed_safeguarding", "systems", "ucr_offences",
    ],
)  # fmt: skip
def test_every_code_table_is_read(name: str) -> None:
    assert codes.table(name)


@pytest.mark.parametrize("written", ["T74.1", "T741", "t74.1"])
def test_icd10_is_found_with_or_without_its_dot(written: str) -> None:
    row = codes.icd10(written)
    assert row is not None
    assert row["abuse"] == "PHY"


@pytest.mark.parametrize("written", ["T74", "T74.5", "XT74.1", "Z61", ""])
def test_icd10_that_is_not_listed_is_none(written: str) -> None:
    assert codes.icd10(written) is None
