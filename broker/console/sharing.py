"""
Pages on which somebody says something about sharing: the form, what it would change, and that it
counts. Who is offered what is policy; every word is kept whatever was missing.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from broker.console import words
from broker.console.asked import Filled, begun, filled
from broker.console.chronology import entries
from broker.console.frame import Frame, SignedIn, to_sign_in
from broker.console.places import Places
from broker.console.questions import Setting
from broker.console.say import SAYINGS, Saying, saying
from broker.desk_ports import SharingDesk, Speak
from broker.domain.desk import Person
from broker.domain.effect import Effect
from broker.domain.ids import AlertId
from broker.domain.sharing_desk import About, RecallLine
from broker.errors import Rejected, TryAgain
from broker.offers import offered, sees_recipients

_CONFIRM, _CHANGE = "confirm", "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """Who says what about which concern."""

    who: SignedIn
    about: About
    saying: Saying
    setting: Setting


class SharingPages:
    """Everything that these pages need, given once."""

    def __init__(
        self,
        *,
        frame: Frame,
        desk: SharingDesk,
        speak: Speak,
        places: Places,
    ) -> None:
        self._frame, self._desk, self._speak = frame, desk, speak
        self._places = places

    def routes(self) -> APIRouter:
        router = APIRouter()
        for path, page, method in (
            ("/alerts/{alert}/say/{slug}", self.ask, "GET"),
            ("/alerts/{alert}/say/{slug}", self.take, "POST"),
            ("/alerts/{alert}/wishes", self.wishes, "GET"),
            ("/say", self.which, "GET"),
            ("/say", self.found, "POST"),
        ):
            router.add_api_route(
                path, page, methods=[method], response_class=HTMLResponse, include_in_schema=False
            )
        return router

    async def may_say(self, person: Person, alert: AlertId) -> Sequence[Saying]:
        """What this person is offered beside an alert of theirs, in the order of the forms."""
        about = await self._desk.about(person, alert)
        return [] if about is None else self._offered(person, about)

    async def recall_of(self, person: Person, alert: AlertId) -> RecallLine | None:
        """A blind category is not named: its name alone would tell."""
        found = await self._desk.recall(person, alert)
        if found is None:
            return None
        named = [each for each in found.categories if each not in self._frame.rules().blind]
        return replace(found, categories=named)

    async def ask(self, request: Request, alert: str, slug: str) -> Response:
        here = await self._here(await self._frame.who(request), alert, slug)
        if isinstance(here, Response):
            return here
        return self._form(here, begun(here.saying.asks(here.setting)), secrets.token_hex(12))

    async def take(self, request: Request, alert: str, slug: str) -> Response:
        """First what it would change; once that is confirmed, it is said."""
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        here = await self._here(who, alert, slug)
        if isinstance(here, Response):
            return here
        step, once = posted.get("step", ""), posted.get("once") or secrets.token_hex(12)
        form = filled(here.saying.asks(here.setting), posted)
        if step == _CHANGE:
            kept = Filled(asked=form.asked, values=form.values)
            return self._form(here, kept, once)
        fact: Mapping[str, Any] = {}
        if not form.errors:
            fact, form = here.saying.fact(form, here.setting)
        if form.errors:
            return self._form(here, form, once, 422)
        said = {"concern": here.about.thread, **fact}
        return await self._said(here, form, said, once, confirmed=step == _CONFIRM)

    async def _said(
        self, here: _Here, form: Filled, said: Mapping[str, Any], once: str, *, confirmed: bool
    ) -> Response:
        person, kind, now = here.who.person, here.saying.kind, self._frame.now()
        try:
            changes = await self._speak.would(person, kind, said, key=f"console-{once}", now=now)
            if not confirmed:
                return self._check(here, form, once, changes)
            counts = await self._speak(person, kind, said, key=f"console-{once}", now=now)
        except Rejected as why:
            told = words.TURNED_AWAY.get(why.reason, words.COULD_NOT)
            return self._form(here, form.with_error("", told), once, 422)
        except TryAgain:
            return self._form(here, form.with_error("", words.TRY_AGAIN), once, 503)
        return self._frame.page(
            "said.html",
            here.who,
            title="Recorded",
            saying=here.saying,
            about=here.about,
            counts=counts,
            **self._changes(here, changes),
        )

    async def wishes(self, request: Request, alert: str) -> Response:
        """Wishes and decisions of one concern, in order; both wishes where parents disagree."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        history = await self._desk.history(who.person, AlertId(alert), self._frame.now())
        if history is None:
            return self._frame.not_found(who)
        return self._frame.page(
            "wishes.html",
            who,
            title="Wishes and decisions",
            about=history.about,
            entries=entries(history, who.person, self._places, self._frame.rules().blind),
        )

    async def which(self, request: Request) -> Response:
        """Where a concern is named by what people read out."""
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        return self._frame.page("which.html", who, title="Find a concern", named="", missing=False)

    async def found(self, request: Request) -> Response:
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        named = posted.get("named", "")
        alert = await self._desk.named(who.person, as_read_out(named))
        if alert is None:
            return self._frame.page(
                "which.html", who, 422, title="Find a concern", named=named, missing=True
            )
        return RedirectResponse(f"/alerts/{alert}", status_code=303)

    async def _here(self, who: SignedIn | None, alert: str, slug: str) -> "_Here | Response":
        if who is None:
            return to_sign_in()
        about, said = await self._desk.about(who.person, AlertId(alert)), saying(slug)
        if about is None or said is None or said not in self._offered(who.person, about):
            return self._frame.not_found(who)
        rules = self._frame.rules()
        setting = Setting(
            rules=rules,
            role=who.person.role,
            about=about,
            places=self._places.of_area(who.person, without=rules.overrides.figures_for),
            now=self._frame.now().astimezone().replace(second=0, microsecond=0),
        )
        return _Here(who=who, about=about, saying=said, setting=setting)

    def _offered(self, person: Person, about: About) -> list[Saying]:
        published = about.publisher == person.organisation
        may = offered(person.role, self._frame.rules(), published=published)
        return [each for each in SAYINGS if each.kind in may] if person.role is not None else []

    def _form(self, here: _Here, form: Filled, once: str, status: int = 200) -> Response:
        return self._frame.page(
            "say.html",
            here.who,
            status,
            title=here.saying.title,
            saying=here.saying,
            about=here.about,
            form=form,
            once=once,
        )

    def _check(self, here: _Here, form: Filled, once: str, changes: Sequence[Effect]) -> Response:
        return self._frame.page(
            "check.html",
            here.who,
            title="Check before you confirm",
            saying=here.saying,
            about=here.about,
            form=form,
            once=once,
            **self._changes(here, changes),
        )

    def _changes(self, here: _Here, changes: Sequence[Effect]) -> Mapping[str, Any]:
        """What is shown of it: whoever may not know who else is told sees their own line alone."""
        person = here.who.person
        others = sees_recipients(person.role, self._frame.rules())
        shown = others and not here.about.location_barred
        own = (person.organisation, person.role)
        mine = [
            each for each in changes if (each.recipient.organisation, each.recipient.role) == own
        ]
        return {
            "changes": [
                (self._places.called(each.recipient.organisation, each.recipient.role), each)
                for each in (changes if shown else mine)
            ],
            "others_shown": shown,
        }


def as_read_out(named: str) -> str:
    """A reference as it is kept; letters that its alphabet lacks are the digits they look like."""
    plain = "".join(named.split()).strip()
    letters = plain.upper().translate(str.maketrans("OIL", "011")).replace("-", "")
    whole = len("XXXXXXXX")
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == whole else plain
