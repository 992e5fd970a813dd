"""What is live changes whole, by approval alone, while processes run; else the old stay."""

import json
import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broker.domain.directory_keys import Period
from broker.domain.ids import PolicyVersion
from broker.domain.words import Category, Extent
from broker.errors import PolicySetInvalid
from broker.policy import Bundle, CedarPolicies, read_bundle
from broker.policy.cases import question_from
from broker.policy.live import LIVE, LivePolicies, activate
from broker.policy.publication import Approvers
from tests.unit.policy_sets import ANN, APPROVERS, BEA, NOW, signed, small_set, waiting

SECOND = timedelta(seconds=1)
OWN = question_from({"role": "gp", "level": "early_help", "own": True})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_set(tmp_path / "policies")


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    return tmp_path / "bundles"


def live(folder: Path, bundles: Path | None, at: datetime = NOW) -> LivePolicies[CedarPolicies]:
    return LivePolicies(
        bundles, otherwise=folder, approvers=lambda: APPROVERS, prepare=CedarPolicies, now=at
    )


def changed(folder: Path, into: Path) -> Path:
    """Another set: nobody sees their own concern any more."""
    other = small_set(into)
    (other / "own/own-concern.cedar").unlink()
    for case in (other / "cases").iterdir():
        case.unlink()
    return other


def go_live(
    folder: Path,
    bundles: Path,
    previous: PolicyVersion,
    *,
    at: datetime = NOW,
    until: datetime | None = None,
    approvers: Approvers = APPROVERS,
) -> bytes:
    raw = signed(waiting(folder, previous=previous, until=until), ANN, BEA)
    activate(raw, bundles, live=previous, approvers=approvers, now=at)
    return raw


def test_with_no_bundle_the_folder_is_live(folder: Path, bundles: Path) -> None:
    for found in (live(folder, None), live(folder, bundles)):
        assert found.version == read_bundle(folder).version
        assert found.decide(OWN).extents[Category.NARRATIVE] is Extent.FULL
        assert found.policies_at(NOW) is found.policies_at(NOW + SECOND * 9)


def test_a_new_bundle_is_taken_up_within_seconds(
    folder: Path, bundles: Path, tmp_path: Path
) -> None:
    found = live(folder, bundles)
    before = found.policies_at(NOW)
    go_live(changed(folder, tmp_path / "other"), bundles, before.version)
    after = found.policies_at(NOW + 2 * SECOND)
    assert after.version == found.version != before.version
    assert found.decide(OWN).tells_nothing
    assert before.decide(OWN).extents[Category.NARRATIVE] is Extent.FULL


def test_a_batch_that_has_begun_ends_under_the_policies_it_began_with(
    folder: Path, bundles: Path, tmp_path: Path
) -> None:
    found = live(folder, bundles)
    batch = found.policies_at(NOW)
    version, told = batch.version, batch.decide(OWN)
    go_live(changed(folder, tmp_path / "other"), bundles, version)
    found.policies_at(NOW + 9 * SECOND)
    assert batch.version == version
    assert batch.decide(OWN) == told


def test_a_process_that_starts_reads_what_is_live(
    folder: Path, bundles: Path, tmp_path: Path
) -> None:
    other = changed(folder, tmp_path / "other")
    go_live(other, bundles, read_bundle(folder).version)
    assert live(folder, bundles).version == read_bundle(other).version


@pytest.mark.parametrize("what", ["cut", "flipped", "approved once", "approved by nobody", "empty"])
def test_what_is_not_to_be_believed_never_replaces_what_is_live(
    folder: Path, bundles: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    found = live(folder, bundles)
    version = found.version
    other = changed(folder, tmp_path / "other")
    good = go_live(other, bundles, version)
    bad = {
        "cut": good[:-9],
        "flipped": good[:200] + bytes([good[200] ^ 1]) + good[201:],
        "approved once": signed(waiting(other, previous=version), ANN),
        "approved by nobody": waiting(other, previous=version),
        "empty": b"",
    }[what]
    (bundles / LIVE).write_bytes(bad)
    with caplog.at_level(logging.INFO):
        assert found.policies_at(NOW + 2 * SECOND).version == version
        assert found.policies_at(NOW + 4 * SECOND).version == version
    said = [json.loads(record.message) for record in caplog.records]
    assert [line["said"] for line in said] == [
        "a policy bundle is refused: the old stay live"
    ]  # once, not at every look
    with pytest.raises(PolicySetInvalid):  # and no process starts with it
        live(folder, bundles)
    (bundles / LIVE).write_bytes(good)
    assert found.policies_at(NOW + 6 * SECOND).version == read_bundle(other).version


def test_a_bundle_waits_for_its_first_day(folder: Path, bundles: Path, tmp_path: Path) -> None:
    day = timedelta(days=1)
    found = live(folder, bundles)
    old = found.version
    other = changed(folder, tmp_path / "other")
    raw = signed(waiting(other, previous=old, since=NOW + day), ANN, BEA)
    with pytest.raises(PolicySetInvalid, match="in force from"):
        activate(raw, bundles, live=old, approvers=APPROVERS, now=NOW)
    assert not (bundles / LIVE).exists()
    bundles.mkdir()
    (bundles / LIVE).write_bytes(raw)
    assert found.policies_at(NOW + day - SECOND).version == old
    assert found.policies_at(NOW + day).version == read_bundle(other).version


def test_after_the_last_day_the_lane_stops_and_calls_a_person(
    folder: Path, bundles: Path, tmp_path: Path
) -> None:
    """Never on under rules that have run out, and never back to rules that were replaced."""
    day = timedelta(days=1)
    other = changed(folder, tmp_path / "other")
    go_live(other, bundles, read_bundle(folder).version, until=NOW + day)
    found = live(folder, bundles)
    assert found.policies_at(NOW + day - SECOND).version == read_bundle(other).version
    with pytest.raises(PolicySetInvalid, match="policies_not_in_force"):
        found.policies_at(NOW + day)
    with pytest.raises(PolicySetInvalid, match="policies_not_in_force"):
        live(folder, bundles, NOW + day)


def test_a_bundle_made_to_follow_another_version_is_refused(folder: Path, bundles: Path) -> None:
    raw = signed(waiting(folder), ANN, BEA)
    with pytest.raises(PolicySetInvalid, match="publish it again"):
        activate(raw, bundles, live=PolicyVersion("c" * 64), approvers=APPROVERS, now=NOW)
    assert not bundles.exists()


def test_an_approver_who_has_left_does_not_activate_anything(folder: Path, bundles: Path) -> None:
    left = {**APPROVERS, "ann": ANN.approver(Period(since=NOW - 9 * SECOND, until=NOW - SECOND))}
    raw = signed(waiting(folder), ANN, BEA)
    version = read_bundle(folder).version
    with pytest.raises(PolicySetInvalid, match="may not approve any more"):
        activate(raw, bundles, live=version, approvers=left, now=NOW)


def test_the_live_file_is_only_ever_whole_and_each_bundle_is_kept(
    folder: Path, bundles: Path, tmp_path: Path
) -> None:
    first = go_live(folder, bundles, read_bundle(folder).version)
    other = changed(folder, tmp_path / "other")
    second = go_live(other, bundles, read_bundle(folder).version)
    assert (bundles / LIVE).read_bytes() == second
    kept = {file.read_bytes() for file in (bundles / "published").iterdir()}
    assert kept == {first, second}
    assert {each.name for each in bundles.iterdir()} == {LIVE, "published"}


def test_a_bundle_that_cannot_be_prepared_leaves_the_old_live(
    folder: Path, bundles: Path, tmp_path: Path
) -> None:
    old = read_bundle(folder).version

    def prepare(bundle: Bundle) -> CedarPolicies:
        if bundle.version != old:
            raise PolicySetInvalid("policies_do_not_compile", "forbid-sealed")
        return CedarPolicies(bundle)

    found = LivePolicies(
        bundles, otherwise=folder, approvers=lambda: APPROVERS, prepare=prepare, now=NOW
    )
    go_live(changed(folder, tmp_path / "other"), bundles, old)
    assert found.policies_at(NOW + 2 * SECOND).version == old
