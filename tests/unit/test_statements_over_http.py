"""POST /v1/statements: who is believed, who may say it, and what the answer says."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from broker import sdjwt
from broker.api import application
from broker.api.statements import MOST_BYTES, TOKEN
from broker.domain.ids import NotificationId, OrganisationId
from broker.domain.words import EventType, Lane
from broker.errors import StoreUnavailable
from broker.intake import Intake
from broker.speaking import Speaking
from broker.store.memory import MemoryStore
from tests.asgi import asked
from tests.world import (
    HOSPITAL,
    HUB,
    NOW,
    SCHOOL,
    World,
    batch_of,
    concern,
    directive,
    kid_of,
    public_key,
    signing_secret,
    statement,
)

DECIDING = World().deciding()  # once: reading the policies takes a second
GOLDEN = Path(__file__).parent / "golden" / "openapi.json"
CANARY = "Craig"


@dataclass(slots=True)
class Site:
    """A broker's HTTP side over a store in memory, with one concern in it."""

    world: World = field(default_factory=World)
    store: MemoryStore = field(default_factory=MemoryStore)
    away: bool = False

    @property
    def intake(self) -> Intake:
        read_one = self.world.reader().read_one
        return Intake(read_one=read_one, deciding=DECIDING, store=self.store)

    async def since(self, publisher: OrganisationId, made: NotificationId) -> datetime | None:
        rows = self.store.tables.inbox
        return next((row["received"] for row in rows if row["id"] == made), None)

    @property
    def app(self) -> FastAPI:
        speaking = Speaking(
            read_token=self.world.reader().read_token,
            intake=self.intake,
            since=self.since,
            blind=frozenset(),
        )

        async def take(token: bytes) -> Any:
            if self.away:
                raise StoreUnavailable("store_unavailable")
            return await speaking.take(token)

        async def ready() -> bool:
            return True

        return application(APIRouter(), take, ready)

    async def raised(self) -> str:
        data = concern(level="child_in_need")
        await self.intake.take_in(batch_of([self.world.record(data)], lane=Lane.ROUTINE))
        return str(data["thread"])

    async def post(
        self, token: str | bytes, media: str = TOKEN
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        body = token.encode() if isinstance(token, str) else token
        status, headers, content = await asked(
            self.app, "POST", "/v1/statements", [body], [("content-type", media)]
        )
        told: dict[str, Any] = json.loads(content)
        return status, headers, told

    def said(
        self, kind: EventType, fact: Mapping[str, Any], signed_by: str | None = None, **by: Any
    ) -> str:
        return self.world.token(statement(kind, fact, **by), signed_by=signed_by)


@pytest.fixture
def site() -> Site:
    return Site()


def wish(thread: str, state: str = "refused") -> dict[str, Any]:
    return {"concern": thread, "directive": {**directive(state), "evidence": f"{CANARY} said so"}}


async def test_it_counts_once_it_is_answered_and_said_again_it_is_the_same(site: Site) -> None:
    thread = await site.raised()
    token = site.said(EventType.CONSENT_RECORDED, wish(thread))
    status, _, told = await site.post(token)
    assert (status, told["status"]) == (201, "recorded")
    assert datetime.fromisoformat(told["in_force_since"]) == NOW
    assert len([row for row in site.store.tables.inbox if row["type"] == "consent.recorded"]) == 1
    status, _, again = await site.post(token)
    assert (status, again["status"], again["id"]) == (200, "recorded_before", told["id"])
    assert len([row for row in site.store.tables.inbox if row["type"] == "consent.recorded"]) == 1


async def test_a_wish_that_is_meant_for_later_says_since_when_it_counts(site: Site) -> None:
    thread = await site.raised()
    later = NOW + timedelta(days=3)
    said = {"concern": thread, "directive": directive("refused", since=later)}
    _, _, told = await site.post(site.said(EventType.CONSENT_RECORDED, said))
    assert datetime.fromisoformat(told["in_force_since"]) == later


async def test_another_statement_of_the_same_id_is_a_conflict(site: Site) -> None:
    thread = await site.raised()
    first = site.said(EventType.CONSENT_RECORDED, wish(thread), key="W-1")
    other = site.said(EventType.CONSENT_RECORDED, wish(thread, "given"), key="W-1")
    assert (await site.post(first))[0] == 201
    status, headers, told = await site.post(other)
    assert (status, told["reason"]) == (409, "same_id_other_token")
    assert headers["content-type"] == "application/problem+json"


async def test_a_key_that_was_revoked_is_believed_no_more(site: Site) -> None:
    thread = await site.raised()
    key = public_key(HUB, revoked=NOW - timedelta(hours=1))
    site.world.keys[key.kid] = key
    status, headers, told = await site.post(site.said(EventType.CONSENT_RECORDED, wish(thread)))
    assert (status, told["reason"]) == (401, "revoked_key")
    assert "SD-JWT" in headers["www-authenticate"]


async def test_who_signs_in_anothers_name_is_not_believed(site: Site) -> None:
    thread = await site.raised()
    token = site.said(EventType.CONSENT_RECORDED, wish(thread), signed_by=SCHOOL)
    status, _, told = await site.post(token)
    assert (status, told["reason"]) == (401, "wrong_issuer")
    assert not [row for row in site.store.tables.inbox if row["type"] != "concern.raised"]


async def test_no_altered_token_is_believed(site: Site) -> None:
    """Every twentieth character of the signed part, and of what it discloses."""
    thread = await site.raised()
    token = site.said(EventType.CONSENT_RECORDED, wish(thread))
    for at in range(0, len(token), 20):
        if token[at] in ".~":
            continue
        altered = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        status, _, told = await site.post(altered)
        assert status in {401, 422}, (at, told)
    assert not [row for row in site.store.tables.inbox if row["type"] == "consent.recorded"]


async def test_a_claim_taken_away_is_not_believed(site: Site) -> None:
    thread = await site.raised()
    data = statement(
        EventType.CONSENT_RECORDED, wish(thread), identity=concern()["categories"]["identity"]
    )
    parts = site.world.token(data).split("~")
    for left_out in range(1, len(parts) - 1):
        fewer = "~".join(parts[:left_out] + parts[left_out + 1 :])
        assert (await site.post(fewer))[0] in {401, 422}, left_out
    assert not [row for row in site.store.tables.inbox if row["type"] == "consent.recorded"]


async def test_an_organisation_that_is_not_in_the_directory_says_nothing_here(site: Site) -> None:
    stranger = OrganisationId("org:local:stranger")
    key = public_key(stranger)
    site.world.keys[key.kid] = key
    thread = await site.raised()
    token = site.said(EventType.CONSENT_RECORDED, wish(thread), publisher=stranger)
    status, _, told = await site.post(token)
    assert (status, told["reason"]) == (401, "not_in_the_directory")


async def test_a_concern_is_no_statement(site: Site) -> None:
    status, _, told = await site.post(site.world.token(concern()))
    assert (status, told["reason"]) == (422, "not_a_statement")


@pytest.mark.parametrize(
    ("kind", "fact", "by", "reason"),
    [
        (
            EventType.OVERRIDE_RAISED,
            {
                "categories": ["narrative"],
                "recipients": ["org:ods:Y99999 gp"],
                "otherwise": f"{CANARY} will",
                "alternatives": "None",
                "family_told": "No",
                "until": (NOW + timedelta(hours=24)).isoformat(),
            },
            {"publisher": SCHOOL, "person": "dsl-adeyemi", "role": "designated_safeguarding_lead"},
            "may_not_raise",
        ),
        (
            EventType.LEVEL_CONFIRMED,
            {"level": "universal"},
            {"publisher": SCHOOL, "person": "dsl-adeyemi", "role": "designated_safeguarding_lead"},
            "may_not_confirm",
        ),
        (EventType.NECESSITY_RECORDED, {"words": "x" * 281}, {}, "words_too_long"),
        (
            EventType.NECESSITY_RECORDED,
            {"words": CANARY},
            {"publisher": HOSPITAL, "person": "nurse", "role": None},
            "may_not_record",
        ),
        (EventType.NECESSITY_RECORDED, {"words": CANARY}, {"role": "gp"}, "not_their_role"),
    ],
)
async def test_whoever_may_not_say_it_is_told_what_to_do(
    site: Site, kind: EventType, fact: dict[str, Any], by: dict[str, Any], reason: str
) -> None:
    thread = await site.raised()
    status, headers, told = await site.post(site.said(kind, {"concern": thread, **fact}, **by))
    assert (status, told["reason"]) == (422, reason)
    assert headers["content-type"] == "application/problem+json"
    assert told["title"].endswith(".")
    assert CANARY not in json.dumps(told)
    assert not [row for row in site.store.tables.inbox if row["type"] == kind.value]


async def test_a_concern_that_is_not_here(site: Site) -> None:
    token = site.said(EventType.CONSENT_RECORDED, wish("a" * 26))
    status, _, told = await site.post(token)
    assert (status, told["reason"]) == (422, "no_such_concern")


async def test_what_does_not_fit_its_schema_names_the_path_and_not_the_value(site: Site) -> None:
    thread = await site.raised()
    data = statement(EventType.CONSENT_RECORDED, wish(thread))
    data["fact"]["directive"]["state"] = CANARY
    status, _, told = await site.post(site.world.token(data))
    assert (status, told["reason"], told["detail"]) == (
        422,
        "schema",
        "/fact/directive/state: enum",
    )
    assert CANARY not in json.dumps(told)


async def test_a_fact_that_everybody_could_read_is_turned_away(site: Site) -> None:
    """Plain claims travel with every disclosure: a mother's words are not among them."""
    thread = await site.raised()
    data = statement(EventType.CONSENT_RECORDED, wish(thread))
    plain = {name: value for name, value in data.items() if name != "native"}
    token = sdjwt.issue(
        plain,
        {"present": {}, "native": data["native"]},
        kid=kid_of(HUB),
        sign=signing_secret(HUB).sign,
        salt=lambda: site.world.random(16),
    )
    status, _, told = await site.post(token)
    assert (status, told["reason"]) == (422, "schema")


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff\xfe", b"~~~~", b"a.b.c~"])
async def test_what_is_no_token_is_answered(site: Site, garbage: bytes) -> None:
    status, headers, told = await site.post(garbage)
    assert status in {401, 422}
    assert headers["content-type"] == "application/problem+json"
    assert told["title"]


async def test_too_large_or_of_another_kind(site: Site) -> None:
    assert (await site.post(b"x" * (MOST_BYTES + 1)))[0] == 413
    assert (await site.post(b"{}", media="application/json"))[0] == 415


async def test_while_the_database_is_away_nothing_is_lost_and_the_sender_tries_again(
    site: Site,
) -> None:
    thread = await site.raised()
    token = site.said(EventType.CONSENT_RECORDED, wish(thread))
    site.away = True
    status, headers, told = await site.post(token)
    assert (status, headers["retry-after"], told["reason"]) == (503, "5", "try_again")
    site.away = False
    assert (await site.post(token))[0] == 201


async def test_the_same_statement_twice_at_once_counts_once(site: Site) -> None:
    thread = await site.raised()
    token = site.said(EventType.CONSENT_RECORDED, wish(thread))
    answers = await asyncio.gather(site.post(token), site.post(token))
    assert sorted(status for status, _, _ in answers) == [200, 201]


async def test_the_document_says_what_is_answered(site: Site) -> None:
    """`python -m tests.unit.test_statements_over_http` writes it anew, for a person to review."""
    status, _, content = await asked(site.app, "GET", "/openapi.json")
    assert status == 200
    assert json.loads(content) == json.loads(GOLDEN.read_text())
    assert json.loads(content)["openapi"].startswith("3.1")


def write_anew() -> None:
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(Site().app.openapi(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_anew()
