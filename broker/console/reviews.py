"""
Overrides that wait for another person's review, and the figures of the service for those whom
policy shows them. No content of any concern is on these pages.
"""

import secrets
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from broker.console import words
from broker.console.asked import Asked, Choice, Filled, begun, filled
from broker.console.frame import Frame, SignedIn, to_sign_in
from broker.console.places import Places
from broker.desk_ports import SharingDesk, Speak
from broker.domain.desk import Person
from broker.domain.rules import Another
from broker.domain.sharing_desk import OverrideCase
from broker.domain.words import EventType
from broker.errors import Rejected, TryAgain
from broker.offers import reviews, sees_figures


class ReviewPages:
    """Everything that these pages need, given once."""

    def __init__(self, *, frame: Frame, desk: SharingDesk, speak: Speak, places: Places) -> None:
        self._frame, self._desk, self._speak, self._places = frame, desk, speak, places

    def routes(self) -> APIRouter:
        router = APIRouter()
        for path, page, method in (
            ("/overrides", self.overrides, "GET"),
            ("/overrides/{made}", self.override, "GET"),
            ("/overrides/{made}", self.review, "POST"),
            ("/governance", self.governance, "GET"),
        ):
            router.add_api_route(
                path, page, methods=[method], response_class=HTMLResponse, include_in_schema=False
            )
        return router

    async def overrides(self, request: Request) -> Response:
        """Those that wait first; then those reviewed, with what was recalled."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        if not reviews(who.person.role, self._frame.rules()):
            return self._frame.not_found(who)
        cases = await self._cases(who.person)
        return self._frame.page(
            "overrides.html",
            who,
            title="Overrides to review",
            waiting=[each for each in cases if each.review is None],
            reviewed=[each for each in cases if each.review is not None],
            places=self._places,
            days_shown=sees_figures(who.person.role, self._frame.rules()),
        )

    async def override(self, request: Request, made: str) -> Response:
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        case = await self._case(who.person, made)
        if case is None:
            return self._frame.not_found(who)
        return self._page(who, case, begun(self._asks()), secrets.token_hex(12))

    async def review(self, request: Request, made: str) -> Response:
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        case = await self._case(who.person, made)
        if case is None:
            return self._frame.not_found(who)
        once = posted.get("once") or secrets.token_hex(12)
        form = filled(self._asks(), posted)
        if form.errors:
            return self._page(who, case, form, once, 422)
        said = {
            "concern": case.override.concern,
            "override": case.override.id,
            "outcome": form.one("outcome"),
            "words": form.one("words"),
        }
        kind, now = EventType.OVERRIDE_REVIEWED, self._frame.now()
        try:
            await self._speak(who.person, kind, said, key=f"console-{once}", now=now)
        except Rejected as why:
            told = words.TURNED_AWAY.get(why.reason, words.COULD_NOT)
            return self._page(who, case, form.with_error("", told), once, 422)
        except TryAgain:
            return self._page(who, case, form.with_error("", words.TRY_AGAIN), once, 503)
        done = await self._case(who.person, made)
        return self._page(who, done or case, begun(self._asks()), once)

    async def governance(self, request: Request) -> Response:
        """Sharing and not sharing, as counted."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        if not sees_figures(who.person.role, self._frame.rules()):
            return self._frame.not_found(who)
        return self._frame.page(
            "governance.html",
            who,
            title="Governance",
            figures=await self._desk.figures(),
            cases=await self._cases(who.person),
            within=self._frame.rules().overrides.review_within_working_days,
            places=self._places,
        )

    async def _cases(self, person: Person) -> Sequence[OverrideCase]:
        """Of the person's area, and not their own person's or organisation's."""
        area = self._places.in_area(person)
        must = self._frame.rules().overrides.reviewed_by_another
        if Another.ORGANISATION in must:
            area -= {person.organisation}
        cases = await self._desk.overrides(area, self._frame.now())
        return [each for each in cases if not _theirs(each, person)]

    async def _case(self, person: Person, made: str) -> OverrideCase | None:
        if not reviews(person.role, self._frame.rules()):
            return None
        cases = await self._cases(person)
        return next((each for each in cases if each.override.id == made), None)

    def _asks(self) -> Sequence[Asked]:
        allowed = {each.value for each in self._frame.rules().overrides.outcomes}
        return [
            Asked(
                name="outcome",
                label="What do you find?",
                kind="one",
                choices=[
                    Choice(value=value, text=text)
                    for value, text in words.OUTCOMES
                    if value in allowed
                ],
                needed="Choose what you find",
            ),
            Asked(name="words", label="Why?", kind="words", needed="Write why"),
        ]

    def _page(
        self, who: SignedIn, case: OverrideCase, form: Filled, once: str, status: int = 200
    ) -> Response:
        return self._frame.page(
            "override.html",
            who,
            status,
            title="Override to review",
            case=case,
            form=form,
            once=once,
            places=self._places,
            days_shown=sees_figures(who.person.role, self._frame.rules()),
        )


def _theirs(case: OverrideCase, person: Person) -> bool:
    by = case.override.by
    return (by.person, by.organisation) == (person.id, person.organisation)
