"""
What people say about sharing, on real parts: a withdrawal stops what waits and recalls what was
read, by HTTP and by Kafka; an override tells at once, and is looked at by somebody else.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from typing import Any

import pytest

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.system.running import Broker, publish, serving

PRACTICE, HUB, SCHOOL = "org:ods:Y99999", "org:la:999", "org:school:999001"
TEO = {
    "local_id": "4472",
    "local_system": "mis_id",
    "given_name": "Teo",
    "family_name": "Fennick-Oyelowo",
    "birth_date": "2019-09-01",
}
EVERYTHING = {"categories": "*", "recipients": "*", "purpose": "*"}


@pytest.fixture(scope="module")
def said_at(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[tuple[Broker, str]]:
    """Everything runs but the relay: what is told about Teo with his mother's agreement waits."""
    with serving(tmp_path_factory.mktemp("said"), kafka_here.bootstrap, module_database) as found:
        yield found


def directive(state: str) -> dict[str, Any]:
    return {
        "kind": "information_agreement",
        "state": state,
        "giver": {"person": "J. Fennick", "capacity": "pr_holder"},
        "scope": EVERYTHING,
        "valid": {"from": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()},  # noqa: TID251
    }


def say(
    said_at: tuple[Broker, str], kind: str, fact: dict[str, Any], *, by: str, check: bool = True
) -> dict[str, Any]:
    """As a script would: one command, signed with the organisation's keys, over HTTP."""
    under, url = said_at
    file = under.folder / "statement.json"
    file.write_text(json.dumps({"type": kind, **fact}))
    done = under.once("say", str(file), "--organisation", by, "--to", url, check=False)
    if check:
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    assert done.returncode == 1
    return {"refused": done.stderr}


def thread_about(under: Broker, given_name: str) -> str:
    """Teo's is the school's at early help; Idris is the one who goes to the academy."""
    wanted = {
        "Teo": f"publisher = '{SCHOOL}' AND level = 'early_help'",
        "Idris": "publisher = 'org:force:99' AND subject IN (SELECT subject FROM relationship"
        " WHERE organisation = 'org:school:999002')",
    }
    raised = "SELECT thread FROM inbox WHERE type = 'concern.raised'"
    return str(under.one(f"{raised} AND {wanted[given_name]}"))


def told_of(under: Broker, thread: str, organisation: str) -> Any:
    return under.one(
        "SELECT string_agg(concat_ws(' ', outbox.kind, outbox.state, outbox.reason), ', '"
        " ORDER BY outbox.id) FROM outbox JOIN inbox ON inbox.publisher = outbox.publisher"
        f" AND inbox.id = outbox.notification WHERE inbox.thread = '{thread}'"
        f" AND outbox.organisation = '{organisation}'"
    )


def test_a_withdrawal_over_http_stops_what_waits(said_at: tuple[Broker, str]) -> None:
    under, _ = said_at
    thread = thread_about(under, "Teo")
    assert told_of(under, thread, PRACTICE) == "disclosure waiting"
    fact = {"by": {"person": "dsl-adeyemi"}, "concern": thread, "directive": directive("withdrawn")}
    answer = say(said_at, "consent.recorded", fact, by=SCHOOL)
    assert answer["status"] == "recorded"
    # It was answered: from here on nothing that rested on the agreement leaves.
    assert told_of(under, thread, PRACTICE) == "disclosure refused withdrawn"
    under.start("deliver", "deliver")
    told = under.received(PRACTICE)
    assert [each for each in told if each["cover"]["type"] == "concern.raised"] == []


def test_the_same_file_again_is_said_only_once(said_at: tuple[Broker, str]) -> None:
    under, url = said_at
    before = under.one("SELECT count(*) FROM inbox")
    file = str(under.folder / "statement.json")
    done = under.once("say", file, "--organisation", SCHOOL, "--to", url)
    assert json.loads(done.stdout) == {"status": "recorded_before"}
    assert under.one("SELECT count(*) FROM inbox") == before
    token = under.once("say", file, "--organisation", SCHOOL).stdout.strip()
    assert token.endswith("~")


def test_a_withdrawal_over_kafka_recalls_what_was_read(said_at: tuple[Broker, str]) -> None:
    under, _ = said_at
    thread = thread_about(under, "Teo")
    # Of a later second than the withdrawal: the practice has listened for seconds in between.
    fact = {"by": {"person": "dsl-adeyemi"}, "concern": thread, "directive": directive("given")}
    say(said_at, "consent.recorded", fact, by=SCHOOL)
    under.until(lambda: "sent" in told_of(under, thread, PRACTICE), "told again")
    told = under.received(PRACTICE)
    (held,) = [each for each in told if each["cover"]["type"] == "concern.raised"]
    assert held["claims"]["identity.summary"]["given_name"] == "Teo"
    wish = {
        "reference": "W-118",
        "child": TEO,
        "directive": directive("withdrawn"),
        "recorded_by": {"person": "dsl-adeyemi", "role": "designated_safeguarding_lead"},
    }
    (answer,) = publish(under, Agency.SCHOOLS, "consent-json", [json.dumps(wish).encode()])
    assert (answer.outcome, answer.topic) == ("fact", "concerns.school-999001.emergency")
    under.until(lambda: "recall" in str(told_of(under, thread, PRACTICE)), "the recall")
    under.until(lambda: "recall sent" in str(told_of(under, thread, PRACTICE)), "recall sent")
    (recall,) = [
        each for each in under.received(PRACTICE) if each["cover"]["type"] == "recall.issued"
    ]
    assert recall["cover"]["recalls"] == held["disclosure"]
    assert recall["cover"]["ground"] == "withdrawn"
    assert recall["claims"] == {}
    under.until(lambda: "recall received" in str(told_of(under, thread, PRACTICE)), "its receipt")


def test_whoever_may_not_say_it_is_turned_away_with_what_to_do(
    said_at: tuple[Broker, str],
) -> None:
    under, _ = said_at
    thread = thread_about(under, "Idris")
    override = {**_override(thread), "by": {"person": "gp-varga", "role": "gp"}}
    refused = say(said_at, "override.raised", override, by=PRACTICE, check=False)["refused"]
    assert "may_not_raise" in refused
    assert "Your role may not raise an override." in refused
    level = {"by": {"person": "dsl-adeyemi", "role": "designated_safeguarding_lead"}}
    level |= {"concern": thread, "level": "universal"}  # type: ignore[dict-item]
    refused = say(said_at, "level.confirmed", level, by=SCHOOL, check=False)["refused"]
    assert "may_not_confirm" in refused
    assert under.one("SELECT count(*) FROM inbox WHERE type = 'override.raised'") == 0


def _override(thread: str) -> dict[str, Any]:
    until = datetime.now(UTC) + timedelta(hours=24)  # noqa: TID251
    return {
        "concern": thread,
        "categories": ["narrative"],
        "recipients": [f"{PRACTICE} gp"],
        "otherwise": "He is at the practice this afternoon and nobody there would know.",
        "alternatives": "Ringing: nobody answers.",
        "family_told": "Not told. It would put them at risk.",
        "until": until.isoformat(),
    }


class Browser:
    """A person at the console, without a browser: cookies, and forms as they stand."""

    def __init__(self, url: str, person: str) -> None:
        self._url = url
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._open = urllib.request.build_opener(cookies)
        self.post("/sign-in", {"person": person})

    def get(self, path: str) -> tuple[int, str]:
        return self._asked(path, None)

    def post(self, path: str, values: dict[str, Any]) -> tuple[int, str]:
        return self._asked(path, urllib.parse.urlencode(values, doseq=True).encode())

    def fill(self, path: str, values: dict[str, Any]) -> tuple[int, str]:
        """A form with its hidden values, and these."""
        _, page = self.get(path)
        hidden = re.findall(r'type="hidden" name="(csrf|once)" value="([^"]+)"', page)
        return self.post(path, {**dict(hidden), **values})

    def _asked(self, path: str, body: bytes | None) -> tuple[int, str]:
        try:
            with self._open.open(f"{self._url}{path}", body, timeout=30) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def alert_of(under: Broker, thread: str, organisation: str, kind: str = "disclosure") -> str:
    return str(
        under.one(
            "SELECT alert.id FROM alert JOIN outbox ON outbox.disclosure = alert.disclosure"
            " JOIN inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification"
            f" WHERE inbox.thread = '{thread}' AND alert.organisation = '{organisation}'"
            f" AND outbox.kind = '{kind}' ORDER BY alert.created DESC LIMIT 1"
        )
    )


def test_an_override_at_the_console_tells_at_once_and_found_not_justified_is_recalled(
    said_at: tuple[Broker, str],
) -> None:
    under, url = said_at
    thread = thread_about(under, "Idris")
    assert told_of(under, thread, PRACTICE) is None
    hub = Browser(url, "hub-okonjo")
    written = _override(thread)
    values = {
        **{
            name: written[name]
            for name in ("otherwise", "alternatives", "recipients", "categories")
        },
        "family": "not_told",
        "family_words": "It would put them at risk.",
        "until": f"{datetime.now().astimezone() + timedelta(hours=20):%d/%m/%Y %H:%M}",  # noqa: TID251
    }
    path = f"/alerts/{alert_of(under, thread, HUB)}/say/override"
    status, page = hub.fill(path, values)
    assert status == 200
    assert "Culver Street Practice" in page
    assert told_of(under, thread, PRACTICE) is None, "a preview tells nobody"
    status, page = hub.fill(path, {**values, "step": "confirm"})
    assert (status, "Recorded" in page) == (200, True)
    under.until(lambda: "disclosure sent" in str(told_of(under, thread, PRACTICE)), "told at once")
    (held,) = [
        each
        for each in under.received(PRACTICE)
        if each["cover"]["because"].get("narrative") == ["override-break-glass"]
    ]
    assert "door wedged shut" in held["claims"]["narrative.full"]["words"]

    made = under.one("SELECT id FROM inbox WHERE type = 'override.raised'")
    assert hub.get(f"/overrides/{made}")[0] == 404, "not one's own"
    own = {"concern": thread, "override": made, "outcome": "upheld", "words": "I was right."}
    by = {"person": "hub-okonjo", "role": "mash_screener"}
    refused = say(said_at, "override.reviewed", {"by": by, **own}, by=HUB, check=False)["refused"]
    assert "reviewed_by_its_author" in refused
    colleague = {"person": "hub-colleague", "role": "mash_screener"}
    refused = say(said_at, "override.reviewed", {"by": colleague, **own}, by=HUB, check=False)
    assert "reviewed_by_its_author" in refused["refused"]

    night = Browser(url, "edt-marchetti")
    assert "Tunde Okonjo-Reyes" in night.get("/overrides")[1]
    found = {"outcome": "not_justified", "words": "The practice could have been rung."}
    status, page = night.fill(f"/overrides/{made}", found)
    assert (status, "not yet acknowledged" in page) == (200, True)
    under.until(lambda: "recall sent" in str(told_of(under, thread, PRACTICE)), "the recall")
    recalls = [each for each in under.received(PRACTICE) if "recalls" in each["cover"]]
    (recall,) = [each for each in recalls if each["cover"]["ground"] == "override_not_justified"]
    assert recall["cover"]["recalls"] == held["disclosure"]
    practice = Browser(url, "gp-varga")
    _, page = practice.get(f"/alerts/{alert_of(under, thread, PRACTICE, 'recall')}")
    assert "may no longer be relied on" in page
    assert "cannot be unread" in page
    assert "door wedged shut" not in page
    acknowledged = "SELECT state FROM outbox WHERE recalls LIKE '% override_not_justified'"
    under.until(lambda: under.one(acknowledged) == "received", "the practice's receipt")
    assert "they have acknowledged that" in night.get(f"/overrides/{made}")[1]


def test_a_statement_over_kafka_that_its_author_may_not_make_waits_for_a_person(
    said_at: tuple[Broker, str],
) -> None:
    under, url = said_at
    wish = {
        "reference": "W-7",
        "child": TEO,
        "directive": directive("refused"),
        "recorded_by": {"person": "somebody", "role": "police_protection"},
    }
    publish(under, Agency.SCHOOLS, "consent-json", [json.dumps(wish).encode()])
    asked = "SELECT count(*) FROM quarantine WHERE reason = 'not_their_role'"
    under.until(lambda: under.one(asked) == 1, "set apart")
    governance = Browser(url, "gov-achterberg")
    status, page = governance.get("/governance")
    assert status == 200
    assert "The directory does not know your role" in page
    for canary in ("Teo", "Idris", "wedged", "Fennick", "J. Fennick"):
        assert canary not in page
    assert Browser(url, "hub-okonjo").get("/governance")[0] == 404


def test_everybody_adds_up_and_no_log_holds_a_word(said_at: tuple[Broker, str]) -> None:
    under, _ = said_at
    under.until(lambda: under.account()["holds"], "published = disclosed + refused + quarantined")
    for canary in ("Fennick", "wedged", "practice this afternoon", "could have been rung"):
        assert canary not in under.logs()
