"""
Does anybody know this child? Four answers, in clear and blind; the same in memory and in
PostgreSQL. Whoever may not be told cannot tell a protected child from one whom nobody knows.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from broker.api import application
from broker.api.known import SIZE, TOKEN, Ways
from broker.calling import Calls
from broker.domain.effect import Said
from broker.domain.ids import OrganisationId, PersonId
from broker.domain.words import EventType, Role
from broker.errors import PolicyNotEvaluated
from broker.identity.appearance import appearance_from
from broker.inquiring.answering import Answering
from broker.inquiring.asking import Asker
from broker.inquiring.indexing import Indexing, key_named
from broker.ledger.entry import commitment
from broker.partnership import read_partnership
from broker.store.inquiries import PostgresInquiries
from broker.store.inquiries_memory import MemoryInquiries
from broker.store.memory import MemoryStore
from broker.store.postgres import PostgresStore, pool_of
from tests.asgi import asked
from tests.world import (
    DIRECTORY,
    HOSPITAL,
    HUB,
    MATCHING,
    NOW,
    SCHOOL,
    YESTERDAY,
    World,
    batch_of,
    concern,
    kid_of,
    numbered,
    public_key,
    secret,
    signing_secret,
    statement,
)

WORLD = World()
DECIDING = WORLD.deciding()  # once: reading the policies takes a second
POLICE, PRACTICE = OrganisationId("org:force:99"), OrganisationId("org:ods:Y99999")
OFFICE = OrganisationId("org:local:marlhaven-partnership")
WHO = {
    HUB: ("hub-okonjo", Role.MASH_SCREENER),
    POLICE: ("pp-hallorann", Role.POLICE_PROTECTION),
    PRACTICE: ("gp-varga", Role.GP),
    SCHOOL: ("dsl-adeyemi", Role.DESIGNATED_SAFEGUARDING_LEAD),
    OFFICE: ("gov-achterberg", Role.GOVERNANCE_OFFICER),
}
MARA = {"given_name": "Mara", "family_name": "Fennick-Oyelowo", "birth_date": "2017-03-09"}
NOBODY = {"given_name": "Tamsin", "family_name": "Quillerby", "birth_date": "2014-06-21"}
KEY, SECRET = key_named(secret("known"))
Identity = Mapping[str, Any]


@dataclass(slots=True)
class Site:
    """A broker over one store, and whoever asks it over HTTP."""

    store: Any
    inquiries: Any
    an_hour: int = 100
    random: Any = field(default_factory=lambda: numbered(7_000))
    world: World = field(default_factory=World)
    answering: Answering = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.answering = Answering(
            key_of=self.world.key_of,
            deciding=DECIDING,
            store=self.store,
            inquiries=self.inquiries,
            calls=Calls(lambda: NOW),
            an_hour=self.an_hour,
            blind_keys={KEY: SECRET},
        )

    @property
    def app(self) -> FastAPI:
        ways = Ways(
            known=self.answering.known,
            evaluated=self.answering.evaluated,
            by_tokens=self.answering.by_tokens,
            contacts=read_partnership(DIRECTORY).contacts(),
            step=0,
        )

        async def take(token: bytes) -> Said:
            raise AssertionError

        async def ready() -> bool:
            return True

        return application(APIRouter(), take, ready, ways=ways)

    async def raised(self, data: Mapping[str, Any]) -> None:
        intake = replace(self.world.intake(self.store), deciding=DECIDING)
        record = self.world.record(data, self.number)
        tally = await intake.take_in(batch_of([record], publisher=data["iss"]))
        assert tally.accepted == 1
        self.number += 1

    async def indexed(self) -> None:
        indexing = Indexing(
            inquiries=self.inquiries,
            custody=DECIDING.custody,
            names=MATCHING.names,
            keys={KEY: SECRET},
            now=lambda: NOW,
        )
        await self.inquiries.use_keys([KEY])
        while await indexing.once():
            pass

    def asker(self, organisation: OrganisationId = HUB, **otherwise: Any) -> Asker:
        person, role = WHO[organisation]
        told = {"person": PersonId(person), "role": role, "purpose": "safeguarding", **otherwise}
        return Asker(
            organisation=organisation,
            kid=kid_of(organisation),
            sign=signing_secret(organisation).sign,
            random=self.random,
            **told,
        )

    async def post(self, path: str, token: str) -> tuple[int, bytes]:
        status, headers, body = await asked(
            self.app, "POST", path, (token.encode(),), (("content-type", TOKEN),)
        )
        if status == 200:
            assert headers["cache-control"] == "no-store"
        return status, body

    async def clear(self, asker: Asker, identity: Identity, now: datetime = NOW) -> bytes:
        status, body = await self.post("/v1/known", asker.in_clear(identity, now))
        assert status == 200, body
        return body

    async def blind(self, asker: Asker, identity: Identity) -> bytes:
        claims = {f"identity.{part}": claim for part, claim in identity.items()}
        asked_for = appearance_from(claims, NOW.date())
        token, blinded = asker.blind(asked_for, MATCHING.names, NOW)
        status, body = await self.post("/v1/known/blind", token)
        assert status == 200, body
        found = json.loads(body)
        if "elements" not in found:
            return body
        tokens = blinded.tokens(found["elements"])
        status, body = await self.post(
            "/v1/known/tokens", asker.by_tokens(found["key"], tokens, NOW)
        )
        assert status == 200, body
        return body

    async def both(self, asker: Asker, identity: Identity) -> tuple[str, str]:
        """(the answer, whom to ring), the same in clear and blind."""
        answers = [await self.clear(asker, identity), await self.blind(asker, identity)]
        told = {
            (json.loads(each)["answer"], json.loads(each)["ring"]["telephone"]) for each in answers
        }
        assert len(told) == 1, told
        return told.pop()


@pytest.fixture(params=["memory", "postgres"])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    if request.param == "memory":
        store = MemoryStore()
        yield Site(store, MemoryInquiries(store))
        return
    database = request.getfixturevalue("database")
    async with pool_of(database) as pool:
        yield Site(PostgresStore(pool), PostgresInquiries(pool, DECIDING.custody))


HUB_RINGS = read_partnership(DIRECTORY).contacts()[HUB]["telephone"]
HOSPITAL_RINGS = read_partnership(DIRECTORY).contacts()[HOSPITAL]["telephone"]


async def test_a_child_with_a_concern_is_known_and_its_publisher_is_rung(site: Site) -> None:
    await site.raised(concern())
    await site.indexed()
    assert await site.both(site.asker(), {"summary": MARA}) == ("known", HOSPITAL_RINGS)
    assert await site.both(site.asker(), {"summary": NOBODY}) == ("not_known", HUB_RINGS)


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "Esme"},  # a twin
        {"given_name": "Esme", "birth_date": "2019-09-01"},  # a sister
        {"birth_date": "2019-09-01"},  # named for one who died
        {"birth_date": "2017-01-01"},
    ],
)
async def test_a_sister_or_a_twin_never_answers(site: Site, other: dict[str, str]) -> None:
    await site.raised(concern())
    await site.indexed()
    identity = {
        "summary": {**MARA, **other},
        "full": {
            "identifiers": [
                {"system": "nhs_number", "value": "9990020019", "assurance": "verified"}
            ]
        },
    }
    for body in (
        await site.clear(site.asker(), identity),
        await site.blind(site.asker(), identity),
    ):
        assert json.loads(body)["answer"] != "known"


async def test_of_registered_twins_only_a_whole_name_answers_blind(site: Site) -> None:
    home = {"address": {"postcode": "ZE8 4AF"}}
    called = {"summary": {**MARA, "given_name": "Millie"}, "full": home}
    whole = {"summary": {**MARA, "given_name": "Amelia"}, "full": home}
    answers = []
    for number, name, nhs in ((1, "Amelia", "9990020019"), (2, "Thea", "9990020027")):
        data = concern(number, given_name=name, nhs_number=nhs)
        data["categories"]["identity"]["full"] |= home
        await site.raised(data)
        await site.indexed()
        bodies = [await site.blind(site.asker(), each) for each in (called, whole)]
        answers.append([json.loads(each)["answer"] for each in bodies])
    assert answers == [["known", "known"], ["not_known", "known"]]


@pytest.mark.parametrize(
    "routing",
    [
        {"location_protected": True},
        {"seals": ["court"]},
        {"excluded": [{"organisation": POLICE, "why": "alleged_source_of_harm_there"}]},
    ],
)
async def test_whoever_may_not_be_told_sees_the_same_as_of_an_unknown_child(
    site: Site, routing: dict[str, Any]
) -> None:
    await site.raised(concern(routing=routing))
    await site.indexed()
    police = site.asker(POLICE)
    unknown = {
        await site.clear(police, {"summary": NOBODY}),
        await site.blind(police, {"summary": NOBODY}),
    }
    asked_for = {"summary": MARA}
    misspelt = {"summary": {**MARA, "given_name": "Marra"}}
    assert {await site.clear(police, asked_for), await site.blind(police, asked_for)} == unknown
    assert {await site.clear(police, misspelt), await site.blind(police, misspelt)} == unknown
    assert len(unknown) == 1


async def test_a_protected_child_is_known_to_the_hub_by_right(site: Site) -> None:
    await site.raised(concern(routing={"location_protected": True}))
    await site.indexed()
    assert (await site.both(site.asker(), {"summary": MARA}))[0] == "known"


async def test_a_role_whose_existence_policy_says_no_of_this_child_is_not_told(site: Site) -> None:
    """The level is only proposed: for a practice that is early help at most, without agreement."""
    await site.raised(concern())
    await site.indexed()
    practice = site.asker(PRACTICE)
    before = await site.clear(practice, {"summary": MARA})
    assert before == await site.clear(practice, {"summary": NOBODY})
    confirmed = {"concern": concern()["thread"], "level": "significant_harm"}
    data = statement(EventType.LEVEL_CONFIRMED, confirmed)
    await replace(site.world.intake(site.store), deciding=DECIDING).take_one(
        site.world.reader().read_token(site.world.token(data).encode())
    )
    assert (await site.both(practice, {"summary": MARA}))[0] == "known"


async def test_doubt_is_told_to_whoever_may_be_told_and_to_nobody_else(site: Site) -> None:
    await site.raised(concern())
    await site.indexed()
    number = {"system": "nhs_number", "value": "9990020019", "assurance": "verified"}
    slip = {"summary": {**MARA, "given_name": "Mona"}, "full": {"identifiers": [number]}}
    assert json.loads(await site.clear(site.asker(), slip))["answer"] == "could_not_check"
    practice = site.asker(PRACTICE)
    assert json.loads(await site.clear(practice, slip))["answer"] == "not_known"


async def test_nobody_is_known_through_a_provisional_subject_alone(site: Site) -> None:
    seen = {"known": "described", "subject_kind": "child", **MARA}
    unsure = concern(categories={"identity": {"summary": seen}})
    await site.raised(unsure)
    await site.indexed()
    answer, ring = await site.both(site.asker(), {"summary": MARA})
    assert (answer, ring) == ("could_not_check", HUB_RINGS)


async def test_without_a_name_or_a_birth_date_nothing_is_checked(site: Site) -> None:
    await site.raised(concern())
    for left_out in ("given_name", "birth_date"):
        summary = {name: value for name, value in MARA.items() if name != left_out}
        body = await site.clear(site.asker(), {"summary": summary})
        assert json.loads(body)["answer"] == "could_not_check"


async def test_while_policies_cannot_be_evaluated_nothing_is_said_of_anybody(site: Site) -> None:
    await site.raised(concern())
    await site.indexed()

    def in_force(at: datetime) -> Any:
        raise PolicyNotEvaluated("policy_not_evaluated", "")

    site.answering = replace(site.answering, deciding=replace(DECIDING, in_force=in_force))
    for who in (MARA, NOBODY):
        assert await site.both(site.asker(), {"summary": who}) == ("could_not_check", HUB_RINGS)


@pytest.mark.parametrize(
    ("organisation", "otherwise"),
    [
        (OFFICE, {}),  # whom no policy tells anything
        (PRACTICE, {"role": Role.SOCIAL_WORKER}),  # a role that it does not have
        (HUB, {"purpose": "curiosity"}),
    ],
)
async def test_who_may_not_ask_is_refused_whoever_the_child_is(
    site: Site, organisation: OrganisationId, otherwise: dict[str, Any]
) -> None:
    await site.raised(concern())
    await site.indexed()
    asker = site.asker(organisation, **otherwise)
    found = {await site.clear(asker, {"summary": who}) for who in (MARA, NOBODY)}
    found |= {await site.blind(asker, {"summary": who}) for who in (MARA, NOBODY)}
    assert len(found) == 1
    assert json.loads(found.pop())["answer"] == "refused"


async def test_the_four_answers_have_one_size(site: Site) -> None:
    await site.raised(concern())
    hub = site.asker()
    bodies = {
        "known": await site.clear(hub, {"summary": MARA}),
        "not_known": await site.clear(hub, {"summary": NOBODY}),
        "could_not_check": await site.clear(hub, {"summary": {**MARA, "birth_date": ""}}),
        "refused": await site.clear(site.asker(OFFICE), {"summary": MARA}),
    }
    assert {name: json.loads(body)["answer"] for name, body in bodies.items()} == {
        name: name for name in bodies
    }
    assert {len(body) for body in bodies.values()} == {SIZE}
    shapes = {tuple(json.loads(body)) for body in bodies.values()}
    assert shapes == {("answer", "say", "ring", "padding")}


async def test_an_organisation_asks_no_oftener_than_it_may(site: Site) -> None:
    await site.raised(concern())
    site.answering = replace(site.answering, an_hour=3)
    answers = await asyncio.gather(*(site.clear(site.asker(), {"summary": MARA}) for _ in range(8)))
    told = sorted(json.loads(each)["answer"] for each in answers)
    assert told == ["known"] * 3 + ["refused"] * 5
    assert json.loads(await site.clear(site.asker(POLICE), {"summary": MARA}))["answer"] == "known"
    later = NOW + timedelta(hours=1)
    site.answering = replace(site.answering, deciding=replace(DECIDING, now=lambda: later))
    again = await site.clear(site.asker(), {"summary": MARA}, later)
    assert json.loads(again)["answer"] == "known"


async def test_a_question_counts_once(site: Site) -> None:
    token = site.asker().in_clear({"summary": MARA}, NOW)
    assert (await site.post("/v1/known", token))[0] == 200
    status, body = await site.post("/v1/known", token)
    assert (status, json.loads(body)["reason"]) == (409, "asked_before")


async def test_before_the_index_is_complete_nobody_is_asked_blind(site: Site) -> None:
    await site.raised(concern())
    claims = {"identity.summary": MARA}
    token, _ = site.asker().blind(appearance_from(claims, NOW.date()), MATCHING.names, NOW)
    status, body = await site.post("/v1/known/blind", token)
    assert (status, json.loads(body)["reason"]) == (422, "not_asked_blind_here")


async def test_two_keys_answer_while_one_follows_the_other(site: Site) -> None:
    await site.raised(concern())
    await site.indexed()
    asker = site.asker()
    asked_for = appearance_from({"identity.summary": MARA}, NOW.date())
    token, blinded = asker.blind(asked_for, MATCHING.names, NOW)
    _, body = await site.post("/v1/known/blind", token)  # begun under the first

    other, following = key_named(secret("known-next"))
    keys = {KEY: SECRET, other: following}
    indexing = Indexing(
        inquiries=site.inquiries,
        custody=DECIDING.custody,
        names=MATCHING.names,
        keys=keys,
        now=lambda: NOW + timedelta(minutes=1),
    )
    await site.inquiries.use_keys(list(keys))
    while await indexing.once():
        pass
    site.answering = replace(site.answering, blind_keys=keys)
    found = json.loads(body)
    tokens = blinded.tokens(found["elements"])
    _, body = await site.post("/v1/known/tokens", asker.by_tokens(found["key"], tokens, NOW))
    assert json.loads(body)["answer"] == "known"

    token, _ = asker.blind(asked_for, MATCHING.names, NOW)
    assert json.loads((await site.post("/v1/known/blind", token))[1])["key"] == other
    assert json.loads(await site.blind(asker, {"summary": MARA}))["answer"] == "known"

    await site.inquiries.use_keys([other])  # the first is gone
    site.answering = replace(site.answering, blind_keys={other: following})
    status, body = await site.post("/v1/known/tokens", asker.by_tokens(KEY, tokens, NOW))
    assert (status, json.loads(body)["reason"]) == (422, "key_not_in_use")


async def test_nothing_of_a_question_is_logged_or_in_an_error(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    marked = {"given_name": "Zebedee-marked", "family_name": "Kwisatz", "birth_date": "2013-05-07"}
    await site.clear(site.asker(), {"summary": marked})
    wrong = site.asker().in_clear({"summary": {**marked, "words": "Zebedee-marked"}}, NOW)
    status, body = await site.post("/v1/known", wrong)
    assert status == 422
    said = caplog.text + body.decode()
    assert "Zebedee" not in said
    assert "Kwisatz" not in said


@pytest.mark.parametrize("when", [NOW - timedelta(minutes=6), NOW + timedelta(minutes=6)])
async def test_a_question_that_was_not_signed_just_now_is_not_believed(
    site: Site, when: datetime
) -> None:
    status, body = await site.post("/v1/known", site.asker().in_clear({"summary": MARA}, when))
    assert (status, json.loads(body)["reason"]) == (401, "not_signed_just_now")


async def test_a_question_of_one_kind_is_none_of_another(site: Site) -> None:
    token = site.asker().in_clear({"summary": MARA}, NOW)
    for path in ("/v1/known/blind", "/v1/known/tokens", "/v1/statements"):
        status, _ = await site.post(path, token)
        assert status in {401, 415}


async def test_a_revoked_key_asks_nothing(site: Site) -> None:
    site.world.keys[kid_of(HUB)] = public_key(HUB, revoked=YESTERDAY)
    status, body = await site.post("/v1/known", site.asker().in_clear({"summary": MARA}, NOW))
    assert (status, json.loads(body)["reason"]) == (401, "revoked_key")


async def test_nobody_asks_in_anothers_name(site: Site) -> None:
    asker = replace(site.asker(POLICE), kid=kid_of(HUB))
    status, _ = await site.post("/v1/known", asker.in_clear({"summary": MARA}, NOW))
    assert status == 401
    posing = replace(site.asker(POLICE), organisation=HUB)
    status, body = await site.post("/v1/known", posing.in_clear({"summary": MARA}, NOW))
    assert (status, json.loads(body)["reason"]) == (401, "wrong_issuer")


async def test_each_question_is_an_audit_entry_without_what_was_asked(database: str) -> None:
    """Of whom it was is kept as a pseudonym, also where nothing was told; of a stranger not."""
    async with pool_of(database) as pool:
        site = Site(PostgresStore(pool), PostgresInquiries(pool, DECIDING.custody))
        await site.raised(concern(routing={"location_protected": True}))
        await site.indexed()
        for organisation, who in ((HUB, MARA), (POLICE, MARA), (POLICE, NOBODY), (OFFICE, MARA)):
            await site.clear(site.asker(organisation), {"summary": who})
        await site.blind(site.asker(POLICE), {"summary": MARA})
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT leaf.subject IS NOT NULL, inquiry.form, inquiry.answer, inquiry.record,"
                " leaf.entry, row_to_json(inquiry)::text FROM inquiry JOIN leaf_waiting AS leaf"
                " ON convert_from(leaf.entry, 'UTF8') LIKE '%' || inquiry.id || '%'"
                " ORDER BY leaf.id"
            )
            rows = await cursor.fetchall()
            cursor = await connection.execute("SELECT known_token::text FROM known_token")
            index = "".join(row[0] for row in await cursor.fetchall())
    assert [row[:3] for row in rows] == [
        (True, "known", "known"),
        (True, "known", "not_known"),
        (False, "known", "not_known"),
        (False, "known", "refused"),
        (False, "known_blind", None),
        (True, "known_tokens", "not_known"),
    ]
    for row in rows:
        kept, leaf = json.loads(bytes(row[3])), json.loads(bytes(row[4]))
        assert leaf["kind"] == "asked"
        assert leaf["commit"] == commitment(bytes.fromhex(kept["salt"]), kept["record"]).hex()
    said = index + "".join(str(row) + row[5] for row in rows)
    for words in ("Mara", "Fennick", "mara", "2017-03-09", "Quillerby"):
        assert words not in said
