"""The strict reader: the same bytes mean the same to every reader, or are turned away."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker import strictjson
from broker.errors import Malformed

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(value=JSON)
def test_what_json_can_write_is_read_as_it_was(value: Any) -> None:
    assert strictjson.read(json.dumps(value, ensure_ascii=False).encode()) == value
    assert strictjson.read(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1, "a": 2}', "duplicate_keys"),
        (b'[{"a": {"b": 1, "b": 1}}]', "duplicate_keys"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_keys"),
        (b"NaN", "not_this_format"),
        (b"[Infinity]", "not_this_format"),
        (b"[-Infinity]", "not_this_format"),
        (b"[1e999]", "not_this_format"),
        (b"[-1e999]", "not_this_format"),
        (b"", "not_this_format"),
        (b"{} {}", "not_this_format"),
        (b"{'a': 1}", "not_this_format"),
        (b"[1,]", "not_this_format"),
        (b'// comment\n{"a": 1}', "not_this_format"),
        (b'"a\x00b"', "not_this_format"),
        (b'"a\\u0000b"', "bad_encoding"),
        (b'{"\\u0000": 1}', "bad_encoding"),
        (b'"\\ud800"', "bad_encoding"),
        (b'["\\udc00 a"]', "bad_encoding"),
        (b'"\xed\xa0\x80"', "bad_encoding"),
        (b'"\xe4"', "bad_encoding"),
        (b'\xef\xbb\xbf{"a": 1}', "bad_encoding"),
        (b'\xff\xfe{\x00}\x00', "bad_encoding"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b'"' + b"a" * 2**20 + b'"', "too_large"),
        (b"9" * 5_000, "not_this_format"),
    ],
)  # fmt: skip
def test_what_readers_disagree_about_is_turned_away(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as why:
        strictjson.read(data)
    assert why.value.reason == reason


def test_thirty_two_levels_are_read() -> None:
    assert strictjson.read(b"[" * 32 + b"]" * 32)


def test_brackets_inside_strings_are_no_levels() -> None:
    written = '[' + ", ".join(['"[[{{\\"[[\\\\"'] * 40) + "]"  # fmt: skip
    assert strictjson.read(written) == ['[[{{"[[\\'] * 40


def test_an_emoji_written_as_two_escapes_is_one_character() -> None:
    assert strictjson.read(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_no_message_holds_what_was_sent() -> None:
    for data in (b'{"Juno": 1, "Juno": 2}', b'{"Juno" 1}', b'["Juno\\ud800"]'):
        with pytest.raises(Malformed) as why:
            strictjson.read(data)
        assert "Juno" not in str(why.value)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 33 + b'"' + b'\\"' * 500_000,
        b"[" * 33 + b'"\\' * 500_000,
        b"[" * 33 + b'"' * 1_000_000,
        b"[]" * 500_000,
        b'{"a":[' + b"{}," * 340_000,
    ],
)
def test_hostile_bytes_are_turned_away_for_their_form(data: bytes) -> None:
    with pytest.raises(Malformed):
        strictjson.read(data)
