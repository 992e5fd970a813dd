"""The signed token: what is believed, and what never is."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker import sdjwt
from broker.domain.words import Category
from broker.errors import NotGenuine, Rejected
from broker.schemas import CLAIM_NAMES
from tests.world import HOSPITAL, NOW, World, concern, public_key

WORLD = World()
TOKEN = WORLD.token(concern())
NAMES = sorted(f"{category.value}.{part}" for category in Category for part in ("summary", "full"))


def read(token: str, **how: Any) -> sdjwt.Token:
    asked: dict[str, Any] = {"key_of": WORLD.key_of, "names": CLAIM_NAMES, "now": NOW, **how}
    return sdjwt.read(token, **asked)


def test_what_was_signed_is_read_back() -> None:
    token = read(TOKEN)
    assert token.organisation == HOSPITAL
    assert token.plain["level"] == "significant_harm"
    assert token.claims["narrative.full"] == concern()["categories"]["narrative"]["full"]


def test_a_token_altered_by_one_character_is_refused() -> None:
    for at in range(len(TOKEN)):
        other = "A" if TOKEN[at] != "A" else "B"
        with pytest.raises(Rejected):
            read(TOKEN[:at] + other + TOKEN[at + 1 :])


def test_a_token_cut_or_lengthened_anywhere_is_refused() -> None:
    for at in range(len(TOKEN) - 1):
        with pytest.raises(Rejected):
            read(TOKEN[: at + 1].removesuffix("~") + "!")


@given(st.sets(st.sampled_from(NAMES)))
def test_however_many_claims_there_are_there_are_64_digests(names: set[str]) -> None:
    token = sdjwt.issue(
        {"iss": HOSPITAL, "iat": int(NOW.timestamp())},
        dict.fromkeys(names, "a value"),
        kid=public_key(HOSPITAL).kid,
        sign=lambda signed: b"\x00" * 64,
        salt=lambda: WORLD.random(16),
    )
    payload = token.split(".")[1]
    digests = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["_sd"]
    assert len(digests) == len(set(digests)) == 64
    assert digests == sorted(digests)


@given(st.sets(st.sampled_from(NAMES)))
def test_a_recipient_reads_exactly_the_claims_that_were_presented(names: set[str]) -> None:
    presented = sdjwt.pieces_of(TOKEN).present(names)
    assert set(read(presented).claims) == names & set(read(TOKEN).claims)


def test_a_token_from_the_future_is_refused_and_an_old_one_is_late() -> None:
    with pytest.raises(NotGenuine, match="future_dated"):
        read(TOKEN, now=NOW - timedelta(minutes=6))
    assert not read(TOKEN, now=NOW + timedelta(hours=23)).late
    assert read(TOKEN, now=NOW + timedelta(hours=25)).late


def test_a_revoked_or_unknown_key_is_not_believed() -> None:
    revoked = public_key(HOSPITAL, revoked=NOW - timedelta(seconds=1))
    with pytest.raises(NotGenuine, match="revoked_key"):
        read(TOKEN, key_of=lambda _: revoked)
    with pytest.raises(NotGenuine, match="unknown_key"):
        read(WORLD.token(concern(), signed_by="org:ods:NOBODY"))


def test_a_claim_that_no_digest_covers_is_refused() -> None:
    other = WORLD.token(concern(2)).split("~")[1]
    with pytest.raises(NotGenuine, match="claim_without_digest"):
        read(f"{TOKEN}{other}~")


def test_no_plain_claim_lists_what_is_present() -> None:
    """A claim is plain only if every recipient may know it; a new one needs a decision record."""
    assert set(read(TOKEN).plain) == {
        "iss", "iat", "jti", "thread", "sub", "schema_version", "type", "agency", "level",
        "level_state", "urgency", "family", "reference",
    }  # fmt: skip


def test_its_repr_holds_no_words() -> None:
    assert "Bruising" not in repr(read(TOKEN))
