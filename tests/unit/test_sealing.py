"""Sealed for one recipient and one purpose: nobody else, and nothing altered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.ids import KeyId
from broker.errors import Rejected
from broker.sealing import DISCLOSURE, open_with, padded, padded_size, seal, unpadded, unseal
from tests.world import BROKER_PUBLIC, BROKER_SEALING, numbered

RANDOM = numbered()
PARTS = (DISCLOSURE, "d-1", "org:school:999001")


def open_key(kid: KeyId, wrapped: bytes, info: bytes) -> bytes:
    assert kid == BROKER_PUBLIC.kid
    return open_with(BROKER_SEALING, wrapped, info)


def sealed(content: bytes) -> bytes:
    return seal(content, to=BROKER_PUBLIC, parts=PARTS, data_key=RANDOM(32))


def test_what_was_sealed_is_opened() -> None:
    assert unseal(sealed(b"words"), parts=PARTS, open_key=open_key) == b"words"


@pytest.mark.parametrize("at", range(3))
def test_it_opens_for_no_other_purpose_id_or_organisation(at: int) -> None:
    others = tuple("other" if n == at else part for n, part in enumerate(PARTS))
    with pytest.raises(Rejected):
        unseal(sealed(b"words"), parts=others, open_key=open_key)


def test_one_changed_byte_anywhere_is_refused() -> None:
    whole = sealed(b"words")
    for at in range(0, len(whole), 7):
        broken = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises((Rejected, AssertionError)):
            unseal(broken, parts=PARTS, open_key=open_key)


@given(st.binary(max_size=5000))
def test_padding_comes_off_again(content: bytes) -> None:
    assert unpadded(padded(content)) == content


@given(st.integers(min_value=1, max_value=600_000))
def test_a_size_tells_little(size: int) -> None:
    assert size <= padded_size(size) <= max(1024, int(size * 1.12) + 1)
