"""A policy bundle is believed if it is whole, and two people approved it who did not write it."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.domain.directory_keys import Period
from broker.errors import Malformed, PolicySetInvalid
from broker.policy import read_bundle
from broker.policy.envelope import Envelope, Signature, pae, read_envelope, written
from broker.policy.publication import (
    KIND,
    approved,
    files_of,
    opened,
    published,
    why_not_approved,
    why_not_in_force,
)
from tests.unit.policy_sets import (
    ANN,
    APPROVERS,
    BEA,
    BEFORE,
    CAL,
    NOW,
    Person,
    person,
    signed,
    small_set,
    waiting,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def both(folder: Path) -> bytes:
    """Approved by two."""
    return signed(waiting(folder), ANN, BEA)


def missing(raw: bytes) -> list[str]:
    return why_not_approved(opened(raw), APPROVERS, NOW)


def believed(raw: bytes) -> bool:
    try:
        return not missing(raw)
    except PolicySetInvalid:
        return False


def test_two_approvals_and_it_may_go_live(both: bytes, folder: Path) -> None:
    publication = opened(both)
    assert missing(both) == []
    assert publication.bundle() == read_bundle(folder)
    assert publication.manifest.version == read_bundle(folder).version
    assert not why_not_in_force(publication.manifest, NOW)


def test_the_same_folder_gives_the_same_bytes(folder: Path) -> None:
    assert waiting(folder) == waiting(folder)
    assert signed(waiting(folder), ANN, BEA) == signed(waiting(folder), BEA, ANN)


def test_every_byte_changed_is_refused(both: bytes) -> None:
    """All positions of the frame and of the signatures, and a stride of the files between them."""
    payload = both.index(b'"payload":"') + 11
    end = both.index(b'"', payload)
    positions = [*range(payload + 8), *range(payload, end, 1009), *range(end - 8, len(both))]
    for position in positions:
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(both)
            changed[position] ^= flip
            assert not believed(bytes(changed)), f"byte {position} with {flip:#x}"


def test_what_is_cut_off_or_added_is_refused(both: bytes) -> None:
    for changed in (both[:-1], both[1:], both + b"\n", both + b" ", b"", both * 2):
        assert not believed(changed)


def test_every_position_of_a_small_envelope() -> None:
    """Another character anywhere: either it is not read, or no signature holds any more."""
    body = Envelope(kind="k", body=b"a small body")
    raw = written(replace(body, signatures=(Signature(keyid="ann", sig=_sig(ANN, body)),)))
    for position in range(len(raw)):
        for other in range(256):
            if other == raw[position]:
                continue
            changed = raw[:position] + bytes([other]) + raw[position + 1 :]
            assert not _holds(changed), f"byte {position} as {other}"
    assert _holds(raw)


def _sig(who: Person, envelope: Envelope) -> bytes:
    return who.secret.sign(envelope.signed_bytes())


def _holds(raw: bytes) -> bool:
    try:
        found = read_envelope(raw)
    except Malformed:
        return False
    known = APPROVERS.get(found.signatures[0].keyid) if found.signatures else None
    return known is not None and known.checks(found.signatures[0].sig, found.signed_bytes())


def test_nobody_or_one_person_is_not_enough(folder: Path) -> None:
    assert "0 of 2 approvals: 2 more" in missing(waiting(folder))[0]
    assert "1 of 2 approvals: 1 more" in missing(signed(waiting(folder), ANN))[0]


def test_the_author_cannot_approve(folder: Path) -> None:
    raw = waiting(folder, author="ann")
    with pytest.raises(PolicySetInvalid, match="ann is its author: somebody else approves"):
        signed(raw, ANN)
    forced = _with(raw, Signature(keyid="ann", sig=_sig(ANN, read_envelope(raw))))
    assert any("ann is its author" in why for why in missing(signed(forced, BEA)))


def test_the_author_cannot_approve_under_another_name(folder: Path) -> None:
    """Whose key it is counts, not what somebody calls themselves."""
    alias = Person("zoe", ANN.secret)
    raw = signed(waiting(folder, author="ann"), BEA)
    forced = _with(raw, Signature(keyid="zoe", sig=_sig(alias, read_envelope(raw))))
    approvers = {**APPROVERS, "zoe": alias.approver()}
    assert any("has the key of its author" in why for why in _why(forced, approvers))


def test_one_person_cannot_approve_twice(folder: Path) -> None:
    raw = signed(waiting(folder), ANN)
    with pytest.raises(PolicySetInvalid, match="ann has approved it already"):
        signed(raw, ANN)
    forced = _with(raw, read_envelope(raw).signatures[0])
    assert "ann approved twice" in missing(forced)[0]
    alias = Person("zoe", ANN.secret)
    twice = _with(raw, Signature(keyid="zoe", sig=_sig(alias, read_envelope(raw))))
    assert _why(twice, {**APPROVERS, "zoe": alias.approver()}) != []


def test_an_approver_whom_nobody_lists_does_not_count(folder: Path) -> None:
    raw = signed(waiting(folder), ANN, person("eve"))
    assert missing(raw) == ["'eve' is no approver: see BROKER_APPROVERS"]


def test_a_signature_under_somebody_elses_name_does_not_count(folder: Path) -> None:
    raw = signed(waiting(folder), ANN)
    forged = _with(raw, Signature(keyid="bea", sig=_sig(person("eve"), read_envelope(raw))))
    assert "the signature of bea is not over this bundle" in missing(forged)[0]


def test_a_signature_over_another_bundle_does_not_count(folder: Path) -> None:
    other = read_envelope(signed(waiting(folder, author="fay"), BEA)).signatures[0]
    raw = _with(signed(waiting(folder), ANN), other)
    assert "the signature of bea is not over this bundle" in missing(raw)[0]


def test_a_signature_over_the_same_words_as_another_kind_does_not_count(folder: Path) -> None:
    """DSSE signs the kind with the body: what was signed as a directory is no policy set."""
    raw = waiting(folder)
    other = pae("application/vnd.concern-broker.directory+json", read_envelope(raw).body)
    forged = _with(raw, Signature(keyid="ann", sig=ANN.secret.sign(other)))
    assert "is not over this bundle" in missing(signed(forged, BEA))[0]


def test_who_left_cannot_approve_but_what_they_approved_still_counts(folder: Path) -> None:
    left = ANN.approver(Period(since=NOW - timedelta(days=9), until=NOW))
    with pytest.raises(PolicySetInvalid, match="ann may not approve now"):
        approved(opened(waiting(folder)), left, ANN.secret.sign, NOW)
    both = signed(waiting(folder), ANN, BEA)
    assert _why(both, {**APPROVERS, "ann": left}) == []


def test_nothing_that_a_stolen_key_signed_counts(both: bytes) -> None:
    stolen = ANN.approver(Period(since=NOW - timedelta(days=9), revoked=NOW))
    assert "ann is revoked" in _why(both, {**APPROVERS, "ann": stolen})[0]


def test_three_approvals_are_as_good_as_two(both: bytes) -> None:
    assert missing(signed(both, CAL)) == []


def test_a_file_exchanged_inside_is_refused_though_it_is_signed_anew(folder: Path) -> None:
    """The manifest's hashes are looked at too: a tool that signs carelessly does no harm."""
    body = json.loads(read_envelope(waiting(folder)).body)
    body["files"]["restrictions/sealed.cedar"] += "\n"
    with pytest.raises(PolicySetInvalid, match=r"not as the manifest says: restrictions/sealed"):
        opened(_repacked(body))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body["report"].update(cases=4), "the report"),
        (lambda body: body["manifest"].update(version="b" * 64), "the version"),
        (lambda body: body["files"].pop("levels.yaml"), "levels.yaml"),
        (lambda body: body["files"].update({"more.cedar": ""}), "more.cedar"),
        (lambda body: body["manifest"].update({"from": "2026-11-28"}), "publish it again"),
        (lambda body: body["manifest"].pop("author"), "publish it again"),
        (lambda body: body.update(files=[]), "publish it again"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    body = json.loads(read_envelope(waiting(folder)).body)
    change(body)
    with pytest.raises(PolicySetInvalid, match=said) as refused:
        opened(_repacked(body))
    assert refused.value.reason == "bundle_corrupted"


def test_a_body_in_another_spelling_is_refused(folder: Path) -> None:
    """Two readers of JSON might otherwise read two policies from one signed text."""
    spaced = json.dumps(json.loads(read_envelope(waiting(folder)).body), indent=1).encode()
    with pytest.raises(PolicySetInvalid, match="not as a bundle is written"):
        opened(written(Envelope(kind=KIND, body=spaced)))


def test_before_its_first_and_after_its_last_day_it_is_not_in_force(folder: Path) -> None:
    day = timedelta(days=1)
    manifest = opened(waiting(folder, since=NOW, until=NOW + day)).manifest
    assert "in force from" in why_not_in_force(manifest, NOW - day)
    assert why_not_in_force(manifest, NOW) == ""
    assert "in force until" in why_not_in_force(manifest, NOW + day)


def test_policies_that_do_not_read_cannot_be_published(folder: Path) -> None:
    files = files_of(folder)
    files["restrictions/sealed.cedar"] = b"forbid (principal"
    with pytest.raises(PolicySetInvalid, match=r"restrictions/sealed\.cedar:1"):
        published(files, author="dot", since=NOW, until=None, previous=BEFORE, report={})


def _with(raw: bytes, signature: Signature) -> bytes:
    envelope = read_envelope(raw)
    return written(replace(envelope, signatures=(*envelope.signatures, signature)))


def _why(raw: bytes, approvers: dict) -> list[str]:  # type: ignore[type-arg]
    return why_not_approved(opened(raw), approvers, NOW)


def _repacked(body: object) -> bytes:
    raw = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return written(Envelope(kind=KIND, body=raw))


def test_the_envelope_is_dsse() -> None:
    """The example of the protocol's own text."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    raw = written(Envelope(kind=KIND, body=b"{}", signatures=(Signature(keyid="a", sig=b"s"),)))
    assert json.loads(raw) == {
        "payload": base64.b64encode(b"{}").decode(),
        "payloadType": KIND,
        "signatures": [{"keyid": "a", "sig": "cw=="}],
    }
