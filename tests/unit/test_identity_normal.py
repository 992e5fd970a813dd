"""Normal forms of identity (IDENTITY.md 6): every visible case, and what holds for any text."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.identity import Assurance
from broker.identity.contacts import sex_from, telephone_from, uprn_from
from broker.identity.dates import birth_from, date_from, exchanged
from broker.identity.normal import fold, full_name_from, name_from, script_of
from broker.identity.numbers import nhs_number_from, number_from
from broker.identity.reading import MISSING, REFUSED, Fault, Reading
from broker.identity.scripts import latinised
from tests.identity_cases.reading import READERS, read_as, rows

CASES = Path(__file__).parents[1] / "identity_cases"
TODAY = date(2026, 10, 4)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [(row["field"], row["input"], row["expected"]) for row in rows(CASES, "normalisation.csv")],
)
def test_a_visible_case_has_its_normal_form(field: str, text: str, expected: str) -> None:
    read, wanted = read_as(field, text, expected)
    assert read == wanted


@pytest.mark.parametrize(
    ("given_name", "family_name", "forename", "later", "surname"),
    [
        ("Jean Luc", "Picard", "jean", ("luc",), "picard"),
        ("Aoife-Mae", "O’Neill", "aoife", ("mae",), "oneill"),
        ("Zuzanna", "Łukasiewicz", "zuzanna", (), "lukasiewicz"),
        ("Elizabeth (Betty)", "Mc Donald-Smith", "elizabeth", ("betty",), "mcdonald smith"),
        ("Anh", "", "anh", (), None),
        ("", "Nguyen", None, (), "nguyen"),
        ("Baby", "Farrow", None, (), "farrow"),
        ("Twin 1", "Farrow", None, (), "farrow"),
        ("Baby of Sarah", "Farrow", None, (), "farrow"),
        ("XX_TEST_Rufus", "ZZZ_Quillfeather", "rufus", (), "quillfeather"),
        ("Rufus_DUPLICATE", "Quillfeather ZZZ", "rufus", (), "quillfeather"),
        ("not known", "NK", None, (), None),
        ("Andre\u0301", "Stra\u00dfe", "andre", (), "strasse"),
        ("\u00b4Anna", "D\u00b4Souza", "anna", (), "dsouza"),
    ],
)
def test_a_name_has_a_forename_later_ones_and_a_surname(
    given_name: str, family_name: str, forename: str | None, later: tuple[str, ...], surname: str
) -> None:
    name = name_from(given_name, family_name)
    assert (name.forename, name.later, name.surname) == (forename, later, surname)


@pytest.mark.parametrize(
    ("text", "forename", "surname"),
    [
        ("Adaeze Nwosu", "adaeze", "nwosu"),
        ("NWOSU, Adaeze", "adaeze", "nwosu"),
        ("Mrs Anna van der Berg", "anna", "van der berg"),
        ("Betty", "betty", None),
        ("Mary Jane Smith", "mary", "smith"),
        ("unknown", None, None),
        ("", None, None),
        (",", None, None),
        ("Mrs", None, None),
    ],
)
def test_a_name_in_one_piece_is_taken_apart(
    text: str, forename: str | None, surname: str | None
) -> None:
    name = full_name_from(text)
    assert (name.forename, name.surname) == (forename, surname)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("zuzanna", "latin"),
        ("łukasz", "latin"),
        ("зузанна", "cyrillic"),
        ("محمد", "arabic"),
        ("李", "han"),
        ("z\u0443", "mixed"),
        ("123", ""),
        ("", ""),
    ],
)
def test_a_name_is_written_in_one_script(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    "pair", [("が", "か"), ("андрей", "андреи"), ("कुमार", "कमार"), ("김", "길")]
)
def test_a_mark_that_makes_another_letter_stays(pair: tuple[str, str]) -> None:
    assert fold(pair[0]) != fold(pair[1])
    assert fold(pair[0]) == pair[0]


def test_letters_of_cyrillic_and_greek_have_latin_ones() -> None:
    assert latinised("зузанна") == "zuzanna"
    assert latinised("лукасевич") == "lukasevich"
    assert latinised("ђорђе") == "djordje"
    assert latinised("μαρια") == "maria"
    assert latinised("محمد") == "محمد"


@pytest.mark.parametrize(
    ("text", "value", "fault"),
    [
        ("3 Apr 2012", "2012-04-03", None),
        ("03-APRIL-2012", "2012-04-03", None),
        ("3.4.2012", "2012-04-03", None),
        ("30/08/2011 00:00:00", "2011-08-30", None),
        ("20120403153000.1234+0100", "2012-04-03", None),
        ("\uff12\uff10\uff11\uff12-04-03", "2012-04-03", None),
        ("29/02/2012", "2012-02-29", None),
        ("29/02/2013", None, Fault.REFUSED),
        ("03/04/12", None, Fault.REFUSED),
        ("3 Foo 2012", None, Fault.REFUSED),
        ("201213", None, Fault.REFUSED),
        ("0000-01-01", None, Fault.REFUSED),
        ("1899-12-31", None, Fault.REFUSED),
        ("1970", "1970", None),
        ("2026-10-05", "2026-10-05", None),  # here it is tomorrow already
        ("2026-10-06", None, Fault.REFUSED),
        ("2026-11", None, Fault.REFUSED),
        ("2026-10", "2026-10", None),
        ("2027", None, Fault.REFUSED),
        ("not known", None, Fault.MISSING),
        ("", None, Fault.MISSING),
    ],
)
def test_a_birth_date_is_read_or_refused(text: str, value: str | None, fault: Fault | None) -> None:
    assert birth_from(text, TODAY) == Reading(value, fault)


def test_an_expected_date_may_be_to_come() -> None:
    assert date_from("2026-12-24") == Reading("2026-12-24")


@pytest.mark.parametrize(
    ("value", "other"),
    [("2012-04-03", "2012-03-04"), ("2012-04-04", None), ("2012-04-13", None)],
)
def test_day_and_month_exchanged_are_another_date_or_none(value: str, other: str | None) -> None:
    assert exchanged(value) == other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7700900123", "+447700900123"),
        ("447700900123", "+447700900123"),
        ("01632 960001 ext 12", "+441632960001"),
        ("mum: 07700 900123", "+447700900123"),
        ("+33 1 23 45 67 89", "+33123456789"),
        ("07777777777", None),
        ("12345", None),
        ("", None),
    ],
)
def test_a_telephone_is_one_wherever_it_was_dialled(text: str, expected: str | None) -> None:
    assert telephone_from(text).value == expected


def test_a_switchboard_is_nobodys_telephone() -> None:
    switchboards = frozenset({"+441632960001"})
    assert telephone_from("01632 960001", switchboards) == MISSING


@pytest.mark.parametrize(
    ("text", "expected"),
    [("000999000003", "999000003"), ("999000003", "999000003"), ("0", None), ("12a", None)],
)
def test_a_uprn_is_bare(text: str, expected: str | None) -> None:
    assert uprn_from(text).value == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("F", "F"), (" male ", "M"), ("2", "F"), ("1", "M"), ("U", None), ("", None)],
)
def test_sex_is_f_or_m_or_not_known(text: str, expected: str | None) -> None:
    assert sex_from(text) == expected


def test_where_real_children_are_a_test_number_is_refused() -> None:
    assert nhs_number_from("999 000 0018", test_range=False) == REFUSED


def test_every_repeated_digit_is_refused() -> None:
    assert {nhs_number_from(digit * 10) for digit in "0123456789"} == {REFUSED}


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (("nhs_number", "999 000 0018", "verified"), Assurance.VERIFIED),
        (("nhs_number", "9990000018", "unverified"), Assurance.UNVERIFIED),
        (("nhs_number", "9990000019", "verified"), None),
        (("upn", "B801200005001", "checksum_ok"), Assurance.CHECKSUM_OK),
        (("upn", "A801200005001", "verified"), Assurance.UNVERIFIED),
        (("upn", "A801200005001", "invalid"), Assurance.INVALID),
        (("mis_id", "12-3 a", "verified"), None),  # no issuer
    ],
)
def test_the_assurance_of_a_number_is_lowered_and_never_raised(
    identifier: tuple[str, str, str], expected: Assurance | None
) -> None:
    system, value, assurance = identifier
    number = number_from({"system": system, "value": value, "assurance": assurance})
    assert (number and number.assurance) == expected


def test_a_local_number_keeps_its_hyphen_and_its_issuer() -> None:
    said = {"system": "mis_id", "value": " 12-3 a", "issuer": "org:la:x", "assurance": "verified"}
    number = number_from(said)
    assert number is not None
    assert (number.value, number.issuer) == ("12-3A", "org:la:x")


SLIPS = """Baby|Twin|DUPLICATE_|ZZZ_|XX_TEST_|old|_|mc| |-|’|n/k|ß|\u0130|\u0131|e\u0301|\u200b|
\u202e|Smith|1|not|known|,|van|Mrs|ё"""
WORDS = st.sampled_from(SLIPS.split("|"))
TEXT = st.one_of(st.text(), st.lists(st.one_of(WORDS, st.characters())).map("".join))


@given(TEXT)
def test_what_is_folded_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT, TEXT)
def test_a_normal_name_is_its_own_normal_form(given_name: str, family_name: str) -> None:
    name = name_from(given_name, family_name)
    again = name_from(" ".join((name.forename or "", *name.later)), name.surname or "")
    assert again == name


@given(TEXT)
def test_any_text_is_read_without_an_error(text: str) -> None:
    full_name_from(text)
    script_of(text)
    latinised(text)
    for named, read in {**READERS, "date": date_from, "uprn": uprn_from}.items():
        value, fault = read(text)
        assert value or fault or named == "name"
        assert value is None or read(value).value == value
    sex_from(text)


@given(st.dates(date(1900, 1, 2), TODAY))
def test_a_birth_date_is_the_same_in_every_form(born: date) -> None:
    if born == date(1970, 1, 1):
        return
    forms = ("%d/%m/%Y", "%Y-%m-%d", "%Y%m%d", "%d %b %Y", "%Y-%m-%dT00:00:00+01:00", "%Y%m%d1530")
    assert {birth_from(born.strftime(form), TODAY) for form in forms} == {Reading(born.isoformat())}


def test_nothing_that_was_read_is_printed() -> None:
    assert "9990000018" not in repr(nhs_number_from("9990000018"))
    assert "rufus" not in repr(name_from("Rufus", "Quillfeather"))
