"""RFC 9497, mode OPRF, P256-SHA256: the test vectors of appendix A.3.1, and what it promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import Malformed
from broker.inquiring import oprf

KEY = oprf.derived_key(b"\xa3" * 32, bytes.fromhex("74657374206b6579"))
BLIND = oprf.Scalar(0x3338FA65EC36E0290022B48EB562889D89DBFA691D1CDE91517FA222ED7AD364)
VECTORS = [
    (
        "00",
        "03723a1e5c09b8b9c18d1dcbca29e8007e95f14f4732d9346d490ffc195110368d",
        "030de02ffec47a1fd53efcdd1c6faf5bdc270912b8749e783c7ca75bb412958832",
        "a0b34de5fa4c5b6da07e72af73cc507cceeb48981b97b7285fc375345fe495dd",
    ),
    (
        "5a" * 17,
        "03cc1df781f1c2240a64d1c297b3f3d16262ef5d4cf102734882675c26231b0838",
        "03a0395fe3828f2476ffcd1f4fe540e5a8489322d398be3c4e5a869db7fcb7c52c",
        "c748ca6dd327f0ce85f4ae3a8cd6d4d5390bbb804c9e12dcf94f853fece3dcce",
    ),
]


def test_the_key_is_derived_as_the_rfc_derives_it() -> None:
    wanted = 0x159749D750713AFE245D2D39CCFAAE8381C53CE92D098A9375EE70739C7AC0BF
    assert KEY.value == wanted


@pytest.mark.parametrize(("content", "blinded", "evaluated", "output"), VECTORS)
def test_the_vectors_of_the_rfc(content: str, blinded: str, evaluated: str, output: str) -> None:
    raw = bytes.fromhex(content)
    assert oprf.blind(raw, BLIND).hex() == blinded
    assert KEY.times(bytes.fromhex(blinded)).hex() == evaluated
    assert oprf.finalize(raw, BLIND, bytes.fromhex(evaluated)).hex() == output
    assert oprf.digest(raw, KEY).hex() == output


@given(content=st.binary(max_size=60), random=st.binary(min_size=48, max_size=48))
def test_whoever_asks_and_whoever_holds_the_key_find_the_same_digest(
    content: bytes, random: bytes
) -> None:
    by = oprf.scalar_from(random)
    evaluated = KEY.times(oprf.blind(content, by))
    assert oprf.finalize(content, by, evaluated) == oprf.digest(content, KEY)


def test_the_same_input_is_blinded_otherwise_each_time() -> None:
    once, again = (oprf.scalar_from(bytes([n]) * 48) for n in (1, 2))
    assert oprf.blind(b"the same", once) != oprf.blind(b"the same", again)


@pytest.mark.parametrize(
    "element",
    [
        b"",
        b"\x00",  # the point at infinity
        b"\x00" * 33,
        b"\x02" + b"\xff" * 32,  # no field element
        b"\x02" + (5).to_bytes(32)[:31],  # too short
        b"\x04" + b"\x01" * 64,
        b"\x02" + (1).to_bytes(32),  # no point of the curve has this x
    ],
)
def test_what_is_no_element_of_the_group_is_turned_away(element: bytes) -> None:
    with pytest.raises(Malformed):
        KEY.times(element)


@pytest.mark.parametrize("value", [0, 1, -1])
def test_a_factor_that_would_hide_nothing_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="range"):
        oprf.Scalar(value)


def test_a_secret_does_not_show_in_a_repr() -> None:
    assert str(KEY.value) not in repr(KEY)
