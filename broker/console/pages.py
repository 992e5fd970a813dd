"""
The console's pages, one function each. They know ports, values and words, no store and no key.

No page shows a timer or a rank; no URL or title carries content; a link of somebody else's alert
is as unknown as one that does not exist.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

from broker.console import views, words
from broker.console.form import Form, read_form
from broker.domain.desk import Person
from broker.domain.ids import AlertId, PersonId
from broker.errors import TryAgain
from broker.ports import Desk, Raise, Sessions

COOKIE = "cb_session"
_STATIC = {"console.css": "text/css", "govuk.js": "text/javascript", "live.js": "text/javascript"}
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks, and the token that each of their forms must bring back."""

    person: Person
    csrf: str
    cookie: str


class Console:
    """Everything a page needs, given once."""

    def __init__(
        self,
        *,
        desk: Desk,
        sessions: Sessions,
        raise_concern: Raise,
        people: Sequence[Person],
        now: Callable[[], datetime],
    ) -> None:
        self._desk, self._sessions, self._raise = desk, sessions, raise_concern
        self._people = {person.id: person for person in people}
        self._now = now
        self._templates = _environment()

    def routes(self) -> APIRouter:
        router = APIRouter()
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
        return router

    async def sign_in(self, request: Request) -> Response:
        """The demonstration's own sign-in: a button for each invented person."""
        del request
        people = list(self._people.values())
        return self._page("sign-in.html", None, title="Sign in", people=people, roles=words.ROLES)

    async def signed_in(self, request: Request) -> Response:
        form = await request.form()
        person = self._people.get(PersonId(str(form.get("person"))))
        if person is None or not _same_origin(request):
            return RedirectResponse("/sign-in", status_code=303)
        cookie, _ = await self._sessions.begin(person.id, self._now())
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", max_age=12 * 3600)
        return answer

    async def sign_out(self, request: Request) -> Response:
        who, _ = await self._posted(request)
        if who is not None:
            await self._sessions.end(who.cookie)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    async def alerts(self, request: Request) -> Response:
        """Must see first; the digest below, grouped by child."""
        who = await self._who(request)
        if who is None:
            return RedirectResponse("/sign-in", status_code=303)
        lines = await self._desk.alerts(who.person)
        return self._page(
            "alerts.html",
            who,
            title="Alerts",
            must_see=[line for line in lines if line.must_see and not line.seen],
            digest=[line for line in lines if not line.must_see or line.seen],
            shown=len(lines),
        )

    async def alert(self, request: Request, alert: str) -> Response:
        """One alert on one page: what is new, who to ring, the words, what is not shown and why."""
        who = await self._who(request)
        if who is None:
            return RedirectResponse("/sign-in", status_code=303)
        view = await self._desk.alert(who.person, AlertId(alert), self._now())
        if view is None:
            return self._not_found(who)
        return self._page("alert.html", who, title="Alert", alert=view)

    async def seen(self, request: Request, alert: str) -> Response:
        who, _ = await self._posted(request)
        if who is None:
            return self._refused()
        await self._desk.seen(who.person, AlertId(alert), self._now())
        return RedirectResponse("/", status_code=303)

    async def live(self, request: Request, shown: int = 0) -> Response:
        """Server-sent events that say only: something changed."""
        who = await self._who(request)
        if who is None:
            return Response(status_code=403)

        async def events() -> AsyncIterator[str]:
            async for something in self._desk.changes(who.person, shown):
                if await request.is_disconnected():
                    return
                name = "changed" if something else "listening"
                yield f"retry: 2000\nevent: {name}\ndata: 1\n\n"

        headers = {**_HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(events(), media_type="text/event-stream", headers=headers)

    async def concern(self, request: Request) -> Response:
        """Six things; what is known is filled in already."""
        who = await self._who(request)
        if who is None:
            return RedirectResponse("/sign-in", status_code=303)
        kept = await self._sessions.draft(who.person.id) or {}
        form = Form.begun(who.person, self._now().date(), kept)
        return self._page("concern.html", who, title="Raise a concern", form=form)

    async def send_concern(self, request: Request) -> Response:
        """An error page keeps every word; so does a sign-out or a Kafka that is away."""
        who, posted = await self._posted(request)
        if who is None:
            return self._refused()
        now = self._now()
        await self._sessions.keep_draft(who.person.id, posted, now)
        form, answers = read_form(posted, who.person, now.date())
        if answers is None:
            return self._page("concern.html", who, 422, title="Raise a concern", form=form)
        try:
            accepted = await self._raise(who.person, answers, now)
        except TryAgain:
            form = form.with_error(
                "", "It could not be sent just now. Nothing is lost: press again."
            )
            return self._page("concern.html", who, 503, title="Raise a concern", form=form)
        await self._sessions.discard_draft(who.person.id)
        return self._page("accepted.html", who, title="Concern sent", accepted=accepted)

    async def static(self, name: str) -> Response:
        if name not in _STATIC:
            return Response(status_code=404)
        content = files("broker.console").joinpath("static", name).read_bytes()
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type=_STATIC[name], headers=headers)

    async def _who(self, request: Request) -> SignedIn | None:
        cookie = request.cookies.get(COOKIE, "")
        found = await self._sessions.of(cookie, self._now()) if cookie else None
        if found is None or found[0] not in self._people:
            return None
        return SignedIn(self._people[found[0]], found[1], cookie)

    async def _posted(self, request: Request) -> tuple[SignedIn | None, dict[str, str]]:
        """Who posted, if the form was ours: its token and its origin are both right."""
        who = await self._who(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        token = form.pop("csrf", "")
        if who is None or not secrets.compare_digest(token, who.csrf) or not _same_origin(request):
            return None, form
        return who, form

    def _not_found(self, who: SignedIn) -> Response:
        return self._page("message.html", who, 404, title="Page not found", message="not_found")

    def _refused(self) -> Response:
        return self._page("message.html", None, 403, title="Sign in again", message="refused")

    def _page(
        self, template: str, who: SignedIn | None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        nonce = secrets.token_urlsafe(16)
        now = self._now()
        html = self._templates.get_template(template).render(
            who=who, cspNonce=nonce, words=words, views=views, now=now, **values
        )
        headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce)}
        return HTMLResponse(html, status_code=status, headers=headers)


def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("broker.console"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["when"] = _when
    return environment


def _when(moment: datetime, now: datetime) -> str:
    today: date = now.astimezone().date()
    return views.when(moment.astimezone(), today)


def _same_origin(request: Request) -> bool:
    """A browser says where a form came from; another site's is refused."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.url.netloc}"
