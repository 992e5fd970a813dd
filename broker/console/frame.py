"""
What every page stands in: who is signed in, forms that are ours, headers, templates.

No page shows a timer or a rank; no URL or title carries content.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

from broker.calling import Calls
from broker.console import views, words
from broker.desk_ports import Sessions
from broker.domain.desk import Contact, Person
from broker.domain.known import Rules
from broker.errors import PoliciesUnusable
from broker.governance import takes_part
from broker.offers import reviews, sees_figures
from broker.reviewing import may_review

COOKIE = "cb_session"
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _May:
    """What a page's header offers."""

    match: bool = False
    review: bool = False
    see_figures: bool = False
    take_part: bool = False


class Frame:
    """Given once, to all pages."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        people: Sequence[Person],
        rules: Callable[[], Rules],
        now: Callable[[], datetime],
        on_duty: Mapping[str, Contact],
        calls: Calls,
    ) -> None:
        """`rules` raises PoliciesUnusable; `on_duty` is by area, whom anybody there may ring."""
        self.sessions, self.now, self.rules = sessions, now, rules
        self._on_duty, self._calls = on_duty, calls
        self.people = {person.id: person for person in people}
        self._templates = _environment()

    async def who(self, request: Request) -> SignedIn | None:
        cookie = request.cookies.get(COOKIE, "")
        found = await self.sessions.of(cookie, self.now()) if cookie else None
        if found is None or found[0] not in self.people:
            return None
        return SignedIn(self.people[found[0]], found[1], cookie)

    async def posted(self, request: Request) -> tuple[SignedIn | None, dict[str, str]]:
        """
        Who posted, if the form was ours: its token and its origin are both right. Of several boxes
        that were ticked, the values stand on lines.
        """
        who, sent = await self.who(request), await request.form()
        form = {name: "\n".join(map(str, sent.getlist(name))) for name in sent}
        token = form.pop("csrf", "")
        if who is None or not secrets.compare_digest(token, who.csrf) or not same_origin(request):
            return None, form
        return who, form

    def page(
        self, template: str, who: SignedIn | None, status: int = 200, **shown: Any
    ) -> HTMLResponse:
        nonce = secrets.token_urlsafe(16)
        may = self._may(who)
        html = self._templates.get_template(template).render(
            who=who,
            words=words,
            views=views,
            cspNonce=nonce,
            now=self.now(),
            may_match=may.match,
            may_review=may.review,
            may_see_figures=may.see_figures,
            duty=self._on_duty.get(who.person.area) if who else None,
            takes_part=may.take_part,
            **shown,
        )
        headers = {**HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce)}
        return HTMLResponse(html, status_code=status, headers=headers)

    def _may(self, who: SignedIn | None) -> _May:
        """Which pages they are offered; none of these while that cannot be checked."""
        try:
            rules = self.rules()
        except PoliciesUnusable as why:
            self._calls(why)
            return _May()
        self._calls.over()
        if who is None:
            return _May()
        role = who.person.role
        return _May(
            match=may_review(who.person, rules),
            review=reviews(role, rules),
            see_figures=sees_figures(role, rules),
            take_part=takes_part(who.person, rules),
        )

    async def could_not_check(self, request: Request, why: Exception) -> Response:
        """
        In place of any page that policies must cut. It is neither "nothing is known" nor "not shown
        to you": nobody could say (DOMAIN.md 4.7).
        """
        if isinstance(why, PoliciesUnusable):
            self._calls(why)
        who = await self.who(request)
        return self.page("unchecked.html", who, 503, title="We could not check")

    def not_found(self, who: SignedIn) -> Response:
        return self.page("message.html", who, 404, title="Page not found", message="not_found")

    def refused(self) -> Response:
        return self.page("message.html", None, 403, title="Sign in again", message="refused")


def to_sign_in() -> Response:
    return RedirectResponse("/sign-in", status_code=303)


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


def same_origin(request: Request) -> bool:
    """A browser says where a form came from; another site's is refused."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.url.netloc}"
