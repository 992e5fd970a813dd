"""HL7 v2 text: delimiters, escapes, character sets, and words that survive byte for byte."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.health.hl7v2.syntax import Marks, escaped, message_from, pieces_of, unescaped
from broker.domain.words import Agency
from tests.adapters import held
from tests.adapters.disclosures import WORDS
from tests.adapters.health.hl7 import CONCERN, message, narrative, only, read
from tests.adapters.test_conformance import accounted_for

MARKS = Marks("|", "^", "~", "\\", "&")
SAMPLES = [each.read_bytes() for each in held.samples(Agency.HEALTH, "hl7v2")]


def spoken(words: str, *, kind: str = "TX") -> str:
    """What the words of a coded result become."""
    obx = [f"OBX|1|CWE|{CONCERN}||Y||||||F", f"OBX|2|{kind}|N^Note^L||{words}||||||F"]
    return str(narrative(only(read(message("ORU^R01", "OBR|1||7|S", *obx))))["full"]["words"])


@given(WORDS)
def test_whatever_is_escaped_is_read_as_it_was(words: str) -> None:
    assert unescaped(escaped(words), MARKS) == words
    assert not set(escaped(words)) & set("|^~&\r\n\x0b\x1c")


@given(WORDS.filter(lambda each: len(each) > 4 and each.strip() and "\x00" not in each))
def test_words_survive_byte_for_byte(words: str) -> None:
    assert spoken(escaped(words)) == words


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("father\\T\\ stepmother", "father& stepmother"),
        ("one\\.br\\two", "one\ntwo"),
        ("one\\.sp2\\two", "one\n\ntwo"),
        ("\\H\\bold\\N\\ plain", "bold plain"),
        ("fingers \\X0D0A\\ two", "fingers \r\n two"),
        ("caf\\XC3A9\\ late", "café late"),
        ("C:\\temp\\file kept", "C:\\temp\\file kept"),
        ("a single \\ stays", "a single \\ stays"),
        ("\\Zxx\\ of their own", "\\Zxx\\ of their own"),
        ("first~second line", "first\nsecond line"),
        ("wide\\.in+5\\ margin", "wide margin"),
    ],
)
def test_escapes_are_undone_and_what_nobody_knows_stays(sent: str, meant: str) -> None:
    assert spoken(sent) == meant


def test_lines_of_one_text_and_two_texts_are_told_apart() -> None:
    obx = [
        f"OBX|1|CWE|{CONCERN}||Y||||||F",
        "NTE|1||Said so himself.",
        "NTE|2||Twice.",
        "OBX|2|TX|N^Note^L||line one||||||F",
        "OBX|3|TX|N^Note^L||line two||||||F",
        "OBX|4|FT|M^More^L||another text||||||F",
        "OBR|2||8|LAB",
        "OBX|5|TX|N^Note^L||of another request||||||F",
    ]
    event = only(read(message("ORU^R01", "OBR|1||7|S", *obx)))
    words = "Said so himself.\nTwice.\n\nline one\nline two\n\nanother text"
    assert narrative(event)["full"]["words"] == words


@pytest.mark.parametrize(
    ("claims", "name", "encoding", "faults"),
    [
        ("UNICODE UTF-8", "Zoë", "utf-8", []),
        ("8859/1", "Zoë", "latin-1", []),
        ("8859/1", "O’Test", "cp1252", []),
        ("UNICODE UTF-8", "Zoë", "cp1252", ["MSH-18"]),
        ("", "Zoë", "utf-8", []),
    ],
)
def test_a_character_set_that_lies_costs_no_message(
    claims: str, name: str, encoding: str, faults: list[str]
) -> None:
    text = message("ADT^A31").decode().replace("UNICODE UTF-8", claims).replace("ROWAN", name)
    (event,) = held.events(read(text.encode(encoding)))
    noted: Any = event.native.get("faults", [])
    identity: Any = event.categories["identity"]
    assert [each["field"] for each in noted] == faults
    assert identity["summary"]["given_name"] == name


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("begins", ["", "\ufeff", "\x0b", "\ufeff\r\n"])
def test_line_ends_and_byte_order_marks_change_nothing(ends: str, begins: str) -> None:
    plain = message("ADT^A31", "PV1|1|O").decode()
    items = read((begins + plain.replace("\r", ends)).encode())
    assert [each.facts for each in held.events(items)] == [
        each.facts for each in held.events(read(plain.encode()))
    ]


def test_delimiters_are_those_that_the_message_declares() -> None:
    odd = message("ADT^A31").decode().replace("^", "!").replace("MSH|!~\\&|", "MSH|!~\\&|")
    (event,) = held.events(read(odd.encode()))
    identity: Any = event.categories["identity"]
    assert identity["summary"]["family_name"] == "TESTCASE"
    doubled = message("ADT^A31").replace(b"^~\\&|", b"^~\\\\&|")
    assert message_from(pieces_of(doubled).messages[0]).header.marks.part == "&"


@given(st.sampled_from(SAMPLES), st.data())
def test_a_sample_with_any_bytes_replaced_is_accounted_for(
    sample: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(sample)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.binary(max_size=12) | st.sampled_from([b"|", b"^~", b"\r", b"\\", b'""']))
    accounted_for(Agency.HEALTH, "hl7v2", sample[:at] + put + sample[at + cut :])


@given(st.lists(st.text(max_size=30), max_size=30))
def test_any_fields_whatever_are_accounted_for(fields: list[str]) -> None:
    for name in ("PID", "OBX", "DG1", "TXA", "RF1", "MRG", "PV1", "PD1", "NK1"):
        line = "|".join([name, *fields])
        for kind in ("ADT^A40", "ORU^R01", "MDM^T02", "REF^I12", "ADT^A03"):
            accounted_for(Agency.HEALTH, "hl7v2", message(kind, line).replace(b"\x00", b"\x01"))
