"""
The console's pages, one function each. They know ports, values and words, no store and no key.

A link of somebody else's alert is as unknown as one that does not exist. Pages about sharing are in
sharing.py and reviews.py; what every page stands in, in frame.py.
"""

from collections.abc import AsyncIterator
from importlib.resources import files

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from broker.console import words
from broker.console.form import Form, read_form
from broker.console.frame import COOKIE, HEADERS, Frame, same_origin, to_sign_in
from broker.console.governance import GovernancePages
from broker.console.matching import MatchingPages
from broker.console.reviews import ReviewPages
from broker.console.sharing import SharingPages
from broker.desk_ports import Desk, Raise
from broker.domain.desk import PointerView
from broker.domain.ids import AlertId, PersonId
from broker.errors import PoliciesUnusable, TryAgain

_STATIC = {"console.css": "text/css", "govuk.js": "text/javascript", "live.js": "text/javascript"}


class Console:
    """Everything a page needs, given once."""

    def __init__(
        self,
        *,
        frame: Frame,
        desk: Desk,
        raise_concern: Raise,
        sharing: SharingPages,
        reviews: ReviewPages,
        governance: GovernancePages,
        matching: MatchingPages,
    ) -> None:
        self._frame, self._desk, self._raise = frame, desk, raise_concern
        self._sharing, self._reviews, self._governance = sharing, reviews, governance
        self._matching = matching

    def routes(self) -> APIRouter:
        router = APIRouter(dependencies=[Depends(self._governance.attempts)])
        for path, page, method in (
            ("/", self.alerts, "GET"),
            ("/sign-in", self.sign_in, "GET"),
            ("/sign-in", self.signed_in, "POST"),
            ("/sign-out", self.sign_out, "POST"),
            ("/alerts/live", self.live, "GET"),
            ("/alerts/{alert}", self.alert, "GET"),
            ("/alerts/{alert}/seen", self.seen, "POST"),
            ("/concern", self.concern, "GET"),
            ("/concern", self.send_concern, "POST"),
            ("/static/{name}", self.static, "GET"),
        ):
            router.add_api_route(
                path, page, methods=[method], response_class=HTMLResponse, include_in_schema=False
            )
        router.include_router(self._sharing.routes())
        router.include_router(self._reviews.routes())
        router.include_router(self._governance.routes())
        router.include_router(self._matching.routes())
        return router

    async def sign_in(self, request: Request) -> Response:
        """The demonstration's own sign-in: a button for each invented person."""
        del request
        people = list(self._frame.people.values())
        return self._frame.page(
            "sign-in.html", None, title="Sign in", people=people, roles=words.ROLES
        )

    async def signed_in(self, request: Request) -> Response:
        form = await request.form()
        person = self._frame.people.get(PersonId(str(form.get("person"))))
        if person is None or not same_origin(request):
            return RedirectResponse("/sign-in", status_code=303)
        cookie, _ = await self._frame.sessions.begin(person.id, self._frame.now())
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", max_age=12 * 3600)
        return answer

    async def sign_out(self, request: Request) -> Response:
        who, _ = await self._frame.posted(request)
        if who is not None:
            await self._frame.sessions.end(who.cookie)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    async def alerts(self, request: Request) -> Response:
        """
        Must see first; the digest below, grouped by child. While nothing can be checked, only
        pointers, and a sentence in place of the rest: never an empty list.
        """
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        try:
            lines, checked = await self._desk.alerts(who.person), True
            in_all = len(lines)
        except PoliciesUnusable:
            checked = False
            lines, in_all = await self._desk.pointers(who.person)
        return self._frame.page(
            "alerts.html",
            who,
            title="Alerts",
            must_see=[line for line in lines if line.must_see and not line.seen],
            digest=[line for line in lines if not line.must_see or line.seen],
            shown=in_all,  # so that the open page hears of the next
            checked=checked,
        )

    async def alert(self, request: Request, alert: str) -> Response:
        """One alert on one page: what is new, who to ring, the words, what is not shown and why."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        view = await self._desk.alert(who.person, AlertId(alert), self._frame.now())
        if view is None:
            return self._frame.not_found(who)
        if isinstance(view, PointerView):
            return self._frame.page("pointer.html", who, title="Alert", pointer=view)
        may = await self._sharing.may_say(who.person, view.line.id)
        recall = await self._sharing.recall_of(who.person, view.line.id)
        parts = view.child_certain and self._matching.may_say_wrong_child(who.person)
        return self._frame.page(
            "alert.html",
            who,
            title="Alert",
            alert=view,
            may_say=may,
            recall=recall,
            wrong_child=parts and recall is None,
        )

    async def seen(self, request: Request, alert: str) -> Response:
        who, _ = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        await self._desk.seen(who.person, AlertId(alert), self._frame.now())
        return RedirectResponse("/", status_code=303)

    async def live(self, request: Request, shown: int = 0) -> Response:
        """Server-sent events that say only: something changed."""
        who = await self._frame.who(request)
        if who is None:
            return Response(status_code=403)

        async def events() -> AsyncIterator[str]:
            async for something in self._desk.changes(who.person, shown):
                if await request.is_disconnected():
                    return
                name = "changed" if something else "listening"
                yield f"retry: 2000\nevent: {name}\ndata: 1\n\n"

        headers = {**HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(events(), media_type="text/event-stream", headers=headers)

    async def concern(self, request: Request) -> Response:
        """Six things; what is known is filled in already."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        kept = await self._frame.sessions.draft(who.person.id) or {}
        form = Form.begun(who.person, self._frame.now().date(), kept)
        return self._frame.page("concern.html", who, title="Raise a concern", form=form)

    async def send_concern(self, request: Request) -> Response:
        """An error page keeps every word; so does a sign-out or a Kafka that is away."""
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        now = self._frame.now()
        await self._frame.sessions.keep_draft(who.person.id, posted, now)
        form, answers = read_form(posted, who.person, now.date())
        if answers is None:
            return self._frame.page("concern.html", who, 422, title="Raise a concern", form=form)
        try:
            accepted = await self._raise(who.person, answers, now)
        except TryAgain:
            form = form.with_error(
                "", "It could not be sent just now. Nothing is lost: press again."
            )
            return self._frame.page("concern.html", who, 503, title="Raise a concern", form=form)
        await self._frame.sessions.discard_draft(who.person.id)
        return self._frame.page("accepted.html", who, title="Concern sent", accepted=accepted)

    async def static(self, name: str) -> Response:
        if name not in _STATIC:
            return Response(status_code=404)
        content = files("broker.console").joinpath("static", name).read_bytes()
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type=_STATIC[name], headers=headers)
