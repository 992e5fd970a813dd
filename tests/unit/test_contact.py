"""
A pointer, as what leaves and as what a page shows; and what pages say while nothing can be checked.
Nobody who reads either learns a level, a category, a word, or that nothing is known.
"""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.contract import Disclosed, Site
from adapters.formats import ADAPTERS
from broker.api import application
from broker.calling import Calls
from broker.console import words
from broker.console.frame import COOKIE, Frame
from broker.console.governance import GovernancePages
from broker.console.matching import MatchingPages
from broker.console.pages import Console
from broker.console.places import Places
from broker.console.reviews import ReviewPages
from broker.console.sharing import SharingPages
from broker.covers import Covers
from broker.delivery import Relay, Seals
from broker.domain.desk import AlertLine, Person, PointerView
from broker.domain.ids import (
    AlertId,
    NotificationId,
    OrganisationId,
    PersonId,
    PolicyVersion,
    SubjectId,
)
from broker.domain.outgoing import Outgoing
from broker.domain.pointer import NO_POLICY
from broker.domain.waiting import Errand, KeptRuling, Waiting
from broker.domain.words import Category, Lane, Level
from broker.errors import Misconfigured, NotGenuine, PoliciesUnusable, PolicySetInvalid
from broker.jws import COVER, sign_jws
from broker.keys import BROKER, PublicKeys
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.awaited import AwaitedPolicies
from broker.policy.live import LivePolicies
from broker.proving import check, evidence_from
from tests.asgi import asked
from tests.world import DIRECTORY, HOSPITAL, HUB, NOW, kid_of, public_key, signing_secret

POLICE = OrganisationId("org:force:99")
PARTNERSHIP = read_partnership(DIRECTORY)
COVERS = Covers(contacts=PARTNERSHIP.contacts(), origin="test")
POLICIES = CompiledPolicies(read_bundle())


def waiting(errand: Errand = Errand.POINTER, **other: Any) -> Waiting:
    made = Waiting(
        row=1,
        errand=errand,
        disclosure="p" * 26,
        organisation=POLICE,
        publisher=HOSPITAL,
        notification=NotificationId("n" * 26),
        type="concern.raised",
        claims=(),
        held=(),
        ring=HUB,
        leaf_commit=b"\1" * 32,
        match="known",
        token_sha256=b"\2" * 32,
        received=NOW,
        created=NOW,
        subject=SubjectId("s_" + "a" * 26),
        policy=NO_POLICY,
        facts=0,
        facts_now=0,
        role="police_protection",
        subject_key=b"",
        wrapped_key=b"",
        body=b"",
    )
    return replace(made, **other)


def test_the_cover_of_a_pointer_names_nobody_but_its_recipient_and_whom_to_ring() -> None:
    cover = COVERS.pointer(waiting())
    assert "We could not check" in str(cover["says"])
    assert "does not mean that nothing" in str(cover["says"])
    assert cover["ring"] == COVERS.contacts[HUB]
    assert set(cover["extents"].values()) == {"nothing"}  # type: ignore[attr-defined]
    assert (cover["policy"], cover["held"], cover["because"]) == (None, [], {})
    assert "level" not in cover
    written = json.dumps({**cover, "extents": {}, "ring": {}})
    names = [each.value for each in (*Level, *Category)]
    for telling in (*names, HOSPITAL, "St Mary's", "hospital"):
        assert telling not in written


# The relay --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Row:
    """An outbox in memory, as far as a relay's round needs one."""

    rows: list[Waiting]
    gone: list[int] = field(default_factory=list)
    left: list[Outgoing] = field(default_factory=list)

    @asynccontextmanager
    async def take(
        self, lane: Lane, most: int, errands: Collection[Errand]
    ) -> AsyncIterator["Taken"]:
        open_ = [each for each in self.rows if each.row not in self.gone]
        yield Taken(self, [each for each in open_ if each.errand in errands][:most])

    async def woken(self) -> AsyncIterator[None]:
        yield

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        self.left += outgoing


@dataclass(slots=True)
class Taken:
    outbox: Row
    waiting: Sequence[Waiting]

    async def rulings(self, ids: Collection[str]) -> Mapping[str, KeptRuling]:
        return {}

    async def sent(self, rows: Collection[int], now: datetime) -> None:
        self.outbox.gone += rows

    async def quarantined(self, row: int, reason: str) -> None:
        raise AssertionError(reason)


def relay(outbox: Row, policies: Any, again: Any) -> Relay:
    return Relay(
        outbox=outbox,
        sender=outbox,
        custody=None,  # type: ignore[arg-type]  # nothing is opened here
        seals=Seals(
            take_apart=lambda _: pytest.fail("a token was opened"),
            sign_cover=lambda cover: str(cover["type"]),
            sign_receipt=lambda said: str(said["kind"]),
            seal=lambda content, _, __: content,
        ),
        covers=COVERS,
        again=again,
        policies=policies,
        calls=Calls(lambda: NOW),
        now=lambda: NOW,
    )


def unusable(*_: object) -> Any:
    raise PolicySetInvalid("policies_do_not_validate")


async def test_without_policies_receipts_and_pointers_leave_and_the_rest_waits() -> None:
    kinds = (Errand.DISCLOSURE, Errand.RECALL, Errand.POINTER, Errand.ACCEPTED)
    outbox = Row([waiting(each, row=n) for n, each in enumerate(kinds)])
    await relay(outbox, unusable, unusable).round(Lane.EMERGENCY, 10)
    assert [each.value for each in outbox.left] == [b"contact.pointer\n", b"accepted"]
    assert outbox.gone == [2, 3]


async def test_a_full_round_of_what_waits_does_not_hold_up_a_pointer() -> None:
    many = [waiting(Errand.DISCLOSURE, row=n) for n in range(5)]
    outbox = Row([*many, waiting(row=9)])
    await relay(outbox, unusable, unusable).round(Lane.EMERGENCY, 5)
    assert outbox.gone == [9]


async def test_what_cannot_be_decided_again_waits_and_stops_neither_relay_nor_others() -> None:
    decided: list[str] = []

    async def again(each: Waiting, why: str) -> None:
        if each.row == 0:
            raise PoliciesUnusable("policy_not_evaluated")
        decided.append(why)

    stale = [
        waiting(
            Errand.DISCLOSURE,
            row=n,
            notification=NotificationId(f"{n}"),
            policy=PolicyVersion("other"),
        )
        for n in range(2)
    ]
    outbox = Row(stale)
    assert await relay(outbox, lambda: POLICIES, again).round(Lane.ROUTINE, 2) == 0
    assert (decided, outbox.left) == (["policies"], [])


# What a recipient holds -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agency", "form"),
    [
        (agency, form)
        for agency, forms in ADAPTERS.items()
        for form, of in forms.items()
        if of.write
    ],
)
def test_every_format_that_is_written_takes_a_pointer_and_gives_it_back(
    agency: Any, form: str
) -> None:
    cover: Any = COVERS.pointer(waiting())
    pointer = Disclosed(disclosure="p" * 26, cover=cover, plain={}, claims={})
    site = Site(agency=agency, organisation=POLICE, source="/test", received=NOW)
    adapter = ADAPTERS[agency][form]
    assert adapter.write is not None
    native = adapter.write(pointer, site)
    assert b"We could not check" in native
    assert adapter.told is not None
    assert adapter.told(native) == pointer


def test_a_pointer_is_proven_offline_and_one_that_tells_more_is_not_believed() -> None:
    kid = kid_of(BROKER)
    public = PublicKeys(signing={kid: public_key(BROKER)}, sealing={})
    ledger: Any = None  # it has no place in the log yet

    def held(cover: Mapping[str, object]) -> Any:
        signed = sign_jws(cover, typ=COVER, kid=kid, sign=signing_secret(BROKER).sign)
        return evidence_from(POLICE, "p" * 26, signed, "")

    cover = COVERS.pointer(waiting())
    proven = check(held(cover), public=public, ledger=ledger)
    assert "a service is involved, and nothing else" in proven.sentences[0]
    extents: Any = cover["extents"]
    more = held({**cover, "extents": {**extents, "narrative": "full"}})
    with pytest.raises(NotGenuine):
        check(more, public=public, ledger=ledger)


# Policies that may not be there yet ---------------------------------------------------------------


def test_policies_are_looked_for_again_every_few_seconds_and_found() -> None:
    at, tries = [NOW], [0]

    def made() -> LivePolicies[CompiledPolicies]:
        tries[0] += 1
        if tries[0] < 3:
            raise PolicySetInvalid("policies_do_not_validate")
        return LivePolicies(None, otherwise=None, approvers=dict, prepare=CompiledPolicies, now=NOW)

    awaited = AwaitedPolicies(made, now=lambda: at[0])
    for seconds, expected in ((0, 1), (1, 1), (4, 1), (6, 2), (7, 2)):
        at[0] = NOW + timedelta(seconds=seconds)
        with pytest.raises(PoliciesUnusable):
            awaited.policies_at(at[0])
        assert tries[0] == expected
    at[0] = NOW + timedelta(seconds=12)
    assert awaited.policies_at(at[0]).version == POLICIES.version


def test_a_directory_that_names_no_such_role_says_what_to_write(tmp_path: Any) -> None:
    file = tmp_path / "directory.yaml"
    file.write_text("when_unchecked: [nobody]\norganisations: []\n")
    with pytest.raises(Misconfigured) as why:
        read_partnership(file)
    assert "when_unchecked" in why.value.detail
    assert "mash_screener" in why.value.detail


# The console -------------------------------------------------------------------------------------

LINE = AlertLine(
    id=AlertId("a"),
    child="A child",
    new=words.INVOLVED,
    publisher="Marlhaven multi-agency hub",
    level=None,
    must_see=True,
    seen=False,
    at=NOW,
)


@dataclass(slots=True)
class Desk:
    """A desk with or without a pointer; whatever else it had, policies would have to cut."""

    usable: bool = False
    lines: Sequence[AlertLine] = (LINE,)

    async def alerts(self, person: Person) -> Sequence[AlertLine]:
        return self.lines if self.usable else unusable()

    async def pointers(self, person: Person) -> tuple[Sequence[AlertLine], int]:
        return self.lines, 7

    async def history(self, person: Person, alert: AlertId, now: datetime) -> Any:
        return unusable()

    async def about(self, person: Person, alert: AlertId) -> Any:
        return unusable()

    async def alert(self, person: Person, alert: AlertId, now: datetime) -> Any:
        if alert != LINE.id:
            return unusable()
        ring = PARTNERSHIP.organisations[HUB].contact
        return PointerView(line=LINE, reference="7QXK-29TB", ring=ring)


class Sessions:
    async def of(self, cookie: str, now: datetime) -> tuple[PersonId, str]:
        return PersonId(cookie), "csrf"


async def page(path: str, desk: Desk) -> tuple[int, str]:
    def rules() -> Any:
        return POLICIES.rules if desk.usable else unusable()

    any_: Any = desk
    sessions: Any = Sessions()
    frame = Frame(
        sessions=sessions,
        people=PARTNERSHIP.people,
        rules=rules,
        now=lambda: NOW,
        on_duty=PARTNERSHIP.on_duty(),
        calls=Calls(lambda: NOW),
    )
    places = Places(directory=PARTNERSHIP.directory(), names={}, people=frame.people)
    console = Console(
        frame=frame,
        desk=any_,
        raise_concern=any_,
        sharing=SharingPages(frame=frame, desk=any_, speak=any_, places=places),
        reviews=ReviewPages(frame=frame, desk=any_, speak=any_, places=places),
        governance=GovernancePages(frame=frame, governing=any_, places=places),
        matching=MatchingPages(frame=frame, reviews=any_, desk=any_),
    )
    app = application(console.routes(), any_, any_, frame.could_not_check)
    cookie = [("cookie", f"{COOKIE}=pp-hallorann")]
    status, _, body = await asked(app, "GET", path, headers=cookie)
    return status, body.decode()


async def test_while_nothing_can_be_checked_the_list_is_never_empty() -> None:
    status, shown = await page("/", Desk(lines=()))
    assert (status, words.COULD_NOT_CHECK in shown) == (200, True)
    assert "01632 960999" in shown  # on duty for the area
    assert words.NOTHING_TO_SEE not in shown
    assert "Nothing else" not in shown


@pytest.mark.parametrize(("path", "says"), [("/", "Must see"), ("/alerts/a", "7QXK-29TB")])
async def test_a_pointer_is_seen_all_the_same_and_tells_nothing_more(path: str, says: str) -> None:
    status, shown = await page(path, Desk())
    assert status == 200
    assert all(each in shown for each in (words.INVOLVED, says, "01632 960999"))
    assert not any(name in shown for name in words.LEVEL_NAMES.values())


@pytest.mark.parametrize("path", ["/alerts/b", "/overrides", "/governance", "/alerts/b/wishes"])
async def test_whatever_policies_must_cut_says_that_it_could_not_be_checked(path: str) -> None:
    status, shown = await page(path, Desk())
    assert (status, words.COULD_NOT_CHECK in shown) == (503, True)
    assert "01632 960999" in shown


async def test_once_it_can_be_checked_nothing_says_otherwise() -> None:
    status, shown = await page("/", Desk(usable=True, lines=()))
    assert (status, words.NOTHING_TO_SEE in shown) == (200, True)
    assert words.COULD_NOT_CHECK not in shown


def test_four_answers_are_four_sentences() -> None:
    """Something, nothing, not shown to you, nobody could say: never one in another's words."""
    answers = {words.INVOLVED, words.NOTHING_TO_SEE, words.NOT_SHOWN, words.COULD_NOT_CHECK}
    assert len(answers) == 4
