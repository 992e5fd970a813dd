"""
The governance override's pages: one person asks to view what is held of one subject, a second
approves, both look on screen, and somebody else reviews (DOMAIN.md 4.5).

Nothing here tells anybody else anything: there is no print, no export and no link that discloses.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from broker.console.asked import Asked, Choice, Filled, begun, filled
from broker.console.frame import Frame, SignedIn, to_sign_in
from broker.console.places import Places
from broker.console.sharing import as_read_out
from broker.desk_ports import Governing
from broker.domain.governance import GovernanceOverride, GovernanceState
from broker.domain.ids import AlertId, GovernanceId
from broker.domain.rules import GovernanceRules
from broker.domain.words import Office, ReviewOutcome
from broker.errors import Broken
from broker.governance import may_approve, may_ask, may_review, may_view, takes_part
from broker.telemetry import say

_FOUND = {
    ReviewOutcome.UPHELD: "Justified",
    ReviewOutcome.UPHELD_WITH_LEARNING: "Justified, and there is something to learn",
    ReviewOutcome.NOT_JUSTIFIED: "Not justified",
}
_log = logging.getLogger(__name__)
_OFFICES = {
    Office.CALDICOTT_GUARDIAN: "a Caldicott Guardian",
    Office.DATA_PROTECTION_OFFICER: "a data protection officer",
    Office.CHAIR: "the chair of the partnership",
}
_WHAT = {
    "state": {
        GovernanceState.WAITING: "Waits for a second person",
        GovernanceState.OPEN: "Open to both",
        GovernanceState.ENDED: "Ended",
    },
    "outcome": {"disclosed": "told", "refused": "told nothing", "stands": "nothing new to tell"},
    "sent": {
        "waiting": "on its way",
        "sent": "sent",
        "received": "received by a system",
        "read": "read by a person",
        "refused": "it did not leave",
        "quarantined": "set apart for a person",
    },
    "found": _FOUND,
}
_HOME = "/governance/overrides"


class GovernancePages:
    """Everything that these pages need, given once."""

    def __init__(self, *, frame: Frame, governing: Governing, places: Places) -> None:
        self._frame, self._governing, self._places = frame, governing, places

    def routes(self) -> APIRouter:
        router = APIRouter()
        for path, page, method in (
            ("", self.overrides, "GET"),
            ("/ask", self.ask, "GET"),
            ("/ask", self.asked, "POST"),
            ("/{made}", self.override, "GET"),
            ("/{made}/approve", self.approve, "POST"),
            ("/{made}/end", self.end, "POST"),
            ("/{made}/review", self.review, "POST"),
            ("/{made}/view", self.view, "GET"),
        ):
            router.add_api_route(
                _HOME + path,
                page,
                methods=[method],
                response_class=HTMLResponse,
                include_in_schema=False,
            )
        return router

    async def attempts(self, request: Request) -> None:
        """
        Whoever may ask, and opens another desk's alert without asking, is written down. While the
        policies cannot be evaluated nobody is shown content, and whom to ring must still be shown.
        """
        alert = request.path_params.get("alert")
        who = None if alert is None else await self._frame.who(request)
        if alert is None or who is None:
            return
        try:
            if may_ask(who.person, self._frame.rules()):
                now = self._frame.now()
                await self._governing.attempted_alert(who.person, AlertId(alert), now)
        except Broken as why:
            say(_log, "attempt not written down", reason=why.reason)

    async def overrides(self, request: Request) -> Response:
        """Those of the area in which this person has, had or may have a part."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        if not takes_part(who.person, self._frame.rules()):
            return self._frame.not_found(who)
        await self._governing.lapse(self._frame.now())
        found = await self._governing.overrides(self._places.in_area(who.person))
        return self._frame.page(
            "governance-overrides.html",
            who,
            title="Viewing with a second person",
            overrides=[each for each in found if self._has_part(who, each)],
            may_ask=may_ask(who.person, self._frame.rules()),
            places=self._places,
            what=_WHAT,
        )

    async def ask(self, request: Request) -> Response:
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        if not may_ask(who.person, self._frame.rules()):
            return self._frame.not_found(who)
        return self._ask(who, begun(_ASKS))

    async def asked(self, request: Request) -> Response:
        """An error page keeps every word."""
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        if not may_ask(who.person, self._frame.rules()):
            return self._frame.not_found(who)
        form = filled(_ASKS, posted)
        if form.errors:
            return self._ask(who, form, 422)
        made = await self._governing.ask(
            who.person,
            as_read_out(form.one("named")),
            form.one("purpose"),
            self._places.in_area(who.person),
            self._frame.now(),
        )
        if made is None:
            return self._ask(who, form.with_error("named", _NOT_FOUND), 422)
        return RedirectResponse(f"{_HOME}/{made}", status_code=303)

    async def override(self, request: Request, made: str) -> Response:
        """What was asked and why, and what is left to do about it; no content."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        found = await self._found(who, made)
        if found is None:
            return self._frame.not_found(who)
        return self._one(who, found)

    async def approve(self, request: Request, made: str) -> Response:
        who, _ = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        found, rules = await self._found(who, made), self._frame.rules()
        if found is None or not may_approve(who.person, found, self._frame.people, rules):
            return await self._denied(who, made)
        now = self._frame.now()
        await self._governing.approve(who.person, found, now + rules.governance.longest, now)
        return RedirectResponse(f"{_HOME}/{made}", status_code=303)

    async def end(self, request: Request, made: str) -> Response:
        who, _ = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        found = await self._found(who, made)
        if found is None:
            return self._frame.not_found(who)
        await self._governing.end(who.person, found, self._frame.now())
        return RedirectResponse(f"{_HOME}/{made}", status_code=303)

    async def review(self, request: Request, made: str) -> Response:
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        found, rules = await self._found(who, made), self._frame.rules()
        if found is None or not may_review(who.person, found, self._frame.people, rules):
            return self._frame.not_found(who)
        form = filled(self._review_asks(), posted)
        if form.errors:
            return self._one(who, found, form, 422)
        outcome = ReviewOutcome(form.one("outcome"))
        now, said = self._frame.now(), form.one("words")
        await self._governing.review(who.person, found, outcome, said, now)
        return RedirectResponse(f"{_HOME}/{made}", status_code=303)

    async def view(self, request: Request, made: str) -> Response:
        """The look. Whoever it is not open to sees nothing, and the attempt is written down."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        found = await self._found(who, made)
        now, rules = self._frame.now(), self._frame.rules()
        if found is None or not may_view(who.person, found, self._frame.people, rules, now):
            return await self._denied(who, made)
        concerns = await self._governing.look(who.person, found, now)
        if concerns is None:
            return await self._denied(who, made)
        return self._frame.page(
            "governance-view.html",
            who,
            title="What is held",
            override=found,
            concerns=concerns,
            places=self._places,
            what=_WHAT,
        )

    async def _denied(self, who: SignedIn, made: str) -> Response:
        """As unknown as one that does not exist, unless they know of it anyway."""
        now = self._frame.now()
        await self._governing.lapse(now)
        await self._governing.attempted(who.person, GovernanceId(made), now)
        found = await self._found(who, made)
        return self._frame.not_found(who) if found is None else self._one(who, found, status=403)

    async def _found(self, who: SignedIn, made: str) -> GovernanceOverride | None:
        area = self._places.in_area(who.person)
        found = await self._governing.override(area, GovernanceId(made))
        return found if found is not None and self._has_part(who, found) else None

    def _has_part(self, who: SignedIn, override: GovernanceOverride) -> bool:
        """One of the two; before there are two whoever may be the second; whoever may review."""
        person, people, rules = who.person, self._frame.people, self._frame.rules()
        if person.id in override.viewers | {override.asked.person}:
            return True
        waits = override.state(self._frame.now()) is GovernanceState.WAITING
        return (waits and may_approve(person, override, people, rules)) or may_review(
            person, override, people, rules
        )

    def _ask(self, who: SignedIn, form: Filled, status: int = 200) -> Response:
        rules = self._frame.rules().governance
        return self._frame.page(
            "governance-ask.html",
            who,
            status,
            title="Ask to view",
            form=form,
            one_holds=[text for each, text in _OFFICES.items() if each in rules.one_holds],
            hours=_hours(rules),
        )

    def _one(
        self,
        who: SignedIn,
        override: GovernanceOverride,
        form: Filled | None = None,
        status: int = 200,
    ) -> Response:
        person, people, rules = who.person, self._frame.people, self._frame.rules()
        now = self._frame.now()
        state = override.state(now)
        reviewable = override.approved is not None and state is GovernanceState.ENDED
        return self._frame.page(
            "governance-override.html",
            who,
            status,
            title="Viewing with a second person",
            override=override,
            state=state,
            denied=status == _FORBIDDEN,
            may_view=may_view(person, override, people, rules, now),
            may_approve=state is GovernanceState.WAITING
            and may_approve(person, override, people, rules),
            may_end=state is not GovernanceState.ENDED
            and person.id in override.viewers | {override.asked.person},
            reviewable=reviewable
            and override.reviewed is None
            and may_review(person, override, people, rules),
            form=form or begun(self._review_asks()),
            places=self._places,
            what=_WHAT,
            hours=_hours(rules.governance),
        )

    def _review_asks(self) -> Sequence[Asked]:
        allowed = self._frame.rules().governance.outcomes
        return [
            Asked(
                name="outcome",
                label="What do you find?",
                kind="one",
                choices=[
                    Choice(value=each.value, text=text)
                    for each, text in _FOUND.items()
                    if each in allowed
                ],
                needed="Choose what you find",
            ),
            Asked(name="words", label="Why?", kind="words", needed="Write why"),
        ]


def _hours(rules: GovernanceRules) -> int:
    return rules.longest // timedelta(hours=1)


_FORBIDDEN = 403
_NOT_FOUND = (
    "There is no concern of that reference in your area. Write it as it was read out, for example"
    " 7QXK-29TB"
)
_ASKS = (
    Asked(
        name="named",
        label="Reference of a concern about the child",
        kind="line",
        hint="As it was read out to you, for example 7QXK-29TB; or the id of a disclosure. Never a"
        " name.",
        needed="Write the reference of a concern about the child",
        most=200,
    ),
    Asked(
        name="purpose",
        label="For what purpose must it be viewed?",
        kind="words",
        hint="For example the complaint that you answer, and what you need to find out.",
        needed="Write for what purpose it must be viewed",
    ),
)
