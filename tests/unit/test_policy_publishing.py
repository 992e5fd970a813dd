"""`broker policy publish, approve, open, activate, diff, prove`: as governance types them."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from broker.cli.policy import app
from broker.errors import Misconfigured
from broker.policy import read_bundle
from broker.policy.live import LIVE
from tests.unit.policy_sets import small_set

BOTH = ("ann", "bea")


@dataclass(frozen=True)
class Place:
    """Folders of one partnership, in the environment as its processes have it."""

    at: Path
    proofs: Path  # kept from test to test: the same policies are proved once

    @property
    def file(self) -> str:
        return str(self.at / "next.bundle")

    def __call__(self, *words: str) -> Result:
        told = {
            "BROKER_KEYS": str(self.at / "keys"),
            "BROKER_APPROVERS": str(self.at / "approvers.yaml"),
            "BROKER_BUNDLES": str(self.at / "bundles"),
            "BROKER_POLICIES": str(self.at / "now"),
            "BROKER_DATABASE": "",
        }
        return CliRunner().invoke(app(), words, env=told)

    def publish(self, *more: str) -> Result:
        folder, cache = str(self.at / "next"), str(self.proofs)
        words = ("--out", self.file, "--author", "cal", "--from", "2026-01-01", "--cache", cache)
        return self("publish", folder, *words, *more)


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proofs") / "proofs.json"


@pytest.fixture
def broker_policy(tmp_path: Path, proofs: Path) -> Place:
    """What is live, and a changed set: the same rules in other words."""
    return place_in(tmp_path, proofs)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, proofs: Path) -> bytes:
    """The changed set as it is published, before anybody approves it."""
    place = place_in(tmp_path_factory.mktemp("waiting"), proofs)
    assert place.publish().exit_code == 0
    return Path(place.file).read_bytes()


def place_in(folder: Path, proofs: Path) -> Place:
    place = Place(folder, proofs)
    small_set(folder / "now")
    after = small_set(folder / "next") / "restrictions/conflict-of-interest.cedar"
    after.write_text(after.read_text().replace("A recipient with", "Whoever has"))
    for name in (*BOTH, "cal"):
        made = place("keys", "make", "--as", name, "--name", name.title())
        assert made.exit_code == 0, made.output
    return place


def test_from_a_folder_to_what_is_live(broker_policy: Place) -> None:
    published = broker_policy.publish()
    assert published.exit_code == 0, published.output
    assert "3 policies, 3 cases, 1 invariants" in published.stderr
    assert "proved equal to Cedar over" in published.stderr
    assert broker_policy("activate", broker_policy.file).exit_code == 3
    for name in BOTH:
        assert broker_policy("approve", broker_policy.file, "--as", name).exit_code == 0
    opened = broker_policy("open", broker_policy.file)
    assert (opened.exit_code, "approved  ann, bea" in opened.stdout) == (0, True)
    activated = broker_policy("activate", broker_policy.file)
    version = read_bundle(broker_policy.at / "next").version
    assert activated.exit_code == 0, activated.output
    assert f"{version} is live" in activated.stdout
    assert (broker_policy.at / "bundles" / LIVE).read_bytes() == Path(
        broker_policy.file
    ).read_bytes()
    assert broker_policy("diff", "live", str(broker_policy.at / "next")).exit_code == 0
    again = broker_policy("activate", broker_policy.file)
    assert (again.exit_code, "publish it again" in again.stderr) == (3, True)


def test_what_is_missing_is_said(broker_policy: Place, waiting: bytes) -> None:
    Path(broker_policy.file).write_bytes(waiting)
    opened = broker_policy("verify", broker_policy.file, "--json")
    told = json.loads(opened.stdout)
    assert opened.exit_code == 3
    assert told["manifest"]["author"] == "cal"
    assert told["report"]["cases"] == 3
    assert told["report"]["proof"]["covered"] > 1_000_000
    assert "0 of 2 approvals" in told["missing"][0]
    approved = broker_policy("approve", broker_policy.file, "--as", "cal")
    assert (approved.exit_code, "cal is its author" in approved.stderr) == (3, True)


def test_a_bundle_for_a_later_day_does_not_go_live_now(broker_policy: Place) -> None:
    broker_policy.publish("--from", "2999-01-01")
    for name in BOTH:
        broker_policy("approve", broker_policy.file, "--as", name)
    activated = broker_policy("activate", broker_policy.file)
    assert (activated.exit_code, "in force from 2999-01-01" in activated.stderr) == (3, True)
    assert not (broker_policy.at / "bundles").exists()


def test_the_same_folder_is_published_as_the_same_bytes(
    broker_policy: Place, waiting: bytes
) -> None:
    broker_policy.publish()  # this time nothing is left to prove
    assert Path(broker_policy.file).read_bytes() == waiting


def test_what_a_check_finds_is_not_published(broker_policy: Place) -> None:
    sealed = broker_policy.at / "next/restrictions/sealed.cedar"
    sealed.write_text(sealed.read_text().replace("context.sealed", "context.sealled"))
    published = broker_policy.publish()
    assert published.exit_code == 3
    assert "restrictions/sealed.cedar:9: forbid-sealed: " in published.stderr
    assert not Path(broker_policy.file).exists()


def test_a_secret_is_its_owners_and_is_made_once(broker_policy: Place, waiting: bytes) -> None:
    secret = broker_policy.at / "keys/approvers/ann"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text().strip() not in (broker_policy.at / "approvers.yaml").read_text()
    again = broker_policy("keys", "make", "--as", "ann", "--name", "Ann")
    assert isinstance(again.exception, Misconfigured)
    secret.chmod(0o644)
    Path(broker_policy.file).write_bytes(waiting)
    opened = broker_policy("approve", broker_policy.file, "--as", "ann")
    assert isinstance(opened.exception, Misconfigured)
    assert "chmod 600" in str(opened.exception)


def test_the_list_of_approvers_can_be_read(broker_policy: Place) -> None:
    listed = json.loads(broker_policy("keys", "list").stdout)
    assert [(each["id"], each["name"]) for each in listed] == [
        *(("ann", "Ann"), ("bea", "Bea"), ("cal", "Cal"))
    ]


def test_a_list_of_approvers_in_which_one_person_is_two_is_refused(broker_policy: Place) -> None:
    listed = broker_policy.at / "approvers.yaml"
    listed.write_text(listed.read_text().replace("id: bea", "id: ann"))
    told = broker_policy("keys", "list")
    assert isinstance(told.exception, Misconfigured)
    assert "each id and each public key once" in str(told.exception)


def test_an_approver_with_a_name_that_is_a_path_is_refused(broker_policy: Place) -> None:
    told = broker_policy("keys", "make", "--as", "../ann", "--name", "Ann")
    assert isinstance(told.exception, Misconfigured)


def test_a_difference_is_counted_with_an_example(broker_policy: Place) -> None:
    (broker_policy.at / "next/own/own-concern.cedar").unlink()
    told = broker_policy("diff", "live", str(broker_policy.at / "next"))
    assert told.exit_code == 3
    assert re_lines(told.stdout, "gp narrative full: newly allowed in 0 of")
    assert re_lines(told.stdout, "refused, as when role is gp")
    found = json.loads(
        broker_policy("diff", "live", str(broker_policy.at / "next"), "--json").stdout
    )
    gp = [each for each in found["changes"] if (each["role"], each["extent"]) == ("gp", "full")]
    assert {each["newly_allowed"] for each in gp} == {0}
    assert all(each["newly_refused"] > 0 and each["refused_example"]["own"] for each in gp)


def re_lines(text: str, wanted: str) -> bool:
    return any(line.strip().startswith(wanted) for line in text.split("\n"))


def test_a_proof_is_printed_in_figures(broker_policy: Place) -> None:
    words = (
        "--policies",
        str(broker_policy.at / "now"),
        "--cache",
        str(broker_policy.at / "p.json"),
    )
    first = json.loads(broker_policy("prove", *words, "--json").stdout)
    again = json.loads(broker_policy("prove", *words, "--json").stdout)
    assert (first["policies"], first["proved_before"], again["proved_before"]) == (3, 0, 3)
    assert first["asked"] > again["asked"] == 0


def test_coverage_names_how_many_cases_each_policy_decides(broker_policy: Place) -> None:
    told = broker_policy("coverage", "--policies", str(broker_policy.at / "now"), "--json")
    assert (told.exit_code, json.loads(told.stdout)) == (
        0,
        {
            "cases": {"forbid-conflict-of-interest": 1, "forbid-sealed": 1, "own-concern-full": 1},
            "traffic": None,
            "dead": [],
        },
    )


def test_a_set_that_is_not_there_is_said(broker_policy: Place) -> None:
    told = broker_policy("check", str(broker_policy.at / "nowhere"))
    assert isinstance(told.exception, Misconfigured)
    assert "name a folder, a bundle file, or `live`" in str(told.exception)


def test_a_bundle_file_is_checked_like_a_folder(broker_policy: Place, waiting: bytes) -> None:
    Path(broker_policy.file).write_bytes(waiting)
    told = broker_policy("check", broker_policy.file, "--json")
    assert (told.exit_code, json.loads(told.stdout)["policies"]) == (0, 3)
    flipped = bytearray(Path(broker_policy.file).read_bytes())
    flipped[300] ^= 1
    Path(broker_policy.file).write_bytes(flipped)
    assert broker_policy("check", broker_policy.file).exit_code != 0


def test_a_replay_without_a_database_says_what_to_set(broker_policy: Place) -> None:
    told = broker_policy("replay", "live", "live", "--since", "2026-01-01")
    assert isinstance(told.exception, Misconfigured)
    assert "BROKER_DATABASE" in str(told.exception)
