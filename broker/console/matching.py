"""
Doubtful matches before a person: what waits, two records side by side, an answer with its reason,
who would be told, and that it counts. And beside an alert: this is the wrong child.

Of a candidate nothing is shown but who it is, and nothing of any concern. No weight is a verdict.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from broker.console import match_view, match_words
from broker.console import words as common
from broker.console.asked import Asked, Choice, Filled, begun, filled
from broker.console.frame import Frame, SignedIn, to_sign_in
from broker.console.match_view import Beside
from broker.desk_ports import Reviews, SharingDesk
from broker.domain.desk import Person
from broker.domain.ids import AlertId, ReviewId, SubjectId
from broker.domain.review import EarlierAnswer, Review, ReviewAnswer, ReviewSaid
from broker.errors import Rejected, TryAgain
from broker.reviewing import may_review, may_say_wrong_child, waiting

_CONFIRM, _CHANGE = "confirm", "change"
_HOME = "/matches"


class MatchingPages:
    """Everything that these pages need, given once."""

    def __init__(self, *, frame: Frame, reviews: Reviews, desk: SharingDesk) -> None:
        self._frame, self._reviews, self._desk = frame, reviews, desk

    def routes(self) -> APIRouter:
        router = APIRouter()
        for path, page, method in (
            (_HOME, self.queue, "GET"),
            (_HOME + "/{review}", self.review, "GET"),
            (_HOME + "/{review}", self.answer, "POST"),
            ("/alerts/{alert}/wrong-child", self.wrong_child, "GET"),
            ("/alerts/{alert}/wrong-child", self.say_wrong_child, "POST"),
        ):
            router.add_api_route(
                path, page, methods=[method], response_class=HTMLResponse, include_in_schema=False
            )
        return router

    def may_say_wrong_child(self, person: Person) -> bool:
        return may_say_wrong_child(person, self._frame.rules())

    async def queue(self, request: Request) -> Response:
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        if not may_review(who.person, self._frame.rules()):
            return self._frame.not_found(who)
        lines = await self._reviews.queue(who.person, self._frame.now())
        return self._frame.page(
            "matches.html", who, title="Matches to check", lines=lines, said=match_words
        )

    async def review(self, request: Request, review: str) -> Response:
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        found = await self._reviews.review(who.person, ReviewId(review), self._frame.now())
        if found is None:
            return self._frame.not_found(who)
        blocks = self._blocks(found)
        return self._page(who, found, blocks, begun(asks(blocks)))

    async def answer(self, request: Request, review: str) -> Response:
        """First who would be told; once that is confirmed, it is answered."""
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        found = await self._reviews.review(who.person, ReviewId(review), self._frame.now())
        if found is None:
            return self._frame.not_found(who)
        blocks = self._blocks(found)
        form = filled(asks(blocks), posted)
        if posted.get("step") == _CHANGE:
            return self._page(who, found, blocks, Filled(asked=form.asked, values=form.values))
        if form.errors:
            return self._page(who, found, blocks, form, 422)
        said = said_in(form)
        if posted.get("step") != _CONFIRM:
            return self._check(who, found, blocks, form, said)
        return await self._answered(who, found, blocks, form, said)

    async def wrong_child(self, request: Request, alert: str) -> Response:
        who = await self._frame.who(request)
        if who is None:
            return to_sign_in()
        return await self._wrong(who, alert, begun(_WRONG))

    async def say_wrong_child(self, request: Request, alert: str) -> Response:
        """First what will happen; once that is confirmed, it happens."""
        who, posted = await self._frame.posted(request)
        if who is None:
            return self._frame.refused()
        form = filled(_WRONG, posted)
        if form.errors:
            return await self._wrong(who, alert, form, status=422)
        if posted.get("step") != _CONFIRM:
            change = posted.get("step") == _CHANGE
            return await self._wrong(who, alert, form, check=not change)
        now = self._frame.now()
        try:
            done = await self._reviews.wrong_child(
                who.person, AlertId(alert), form.one("words"), now
            )
        except (Rejected, TryAgain) as why:
            return await self._wrong(
                who, alert, form.with_error("", _told(why)), status=_status(why)
            )
        if done is None:
            return self._frame.not_found(who)
        return self._frame.page("wrong-child-said.html", who, title="Recorded", done=done)

    async def _wrong(
        self, who: SignedIn, alert: str, form: Filled, status: int = 200, *, check: bool = False
    ) -> Response:
        about = await self._desk.about(who.person, AlertId(alert))
        if about is None or not self.may_say_wrong_child(who.person):
            return self._frame.not_found(who)
        template = "wrong-child-check.html" if check else "wrong-child.html"
        title = "Check before you confirm" if check else "The wrong child"
        return self._frame.page(template, who, status, title=title, about=about, form=form)

    async def _answered(
        self, who: SignedIn, found: Review, blocks: Sequence[Beside], form: Filled, said: ReviewSaid
    ) -> Response:
        try:
            did = await self._reviews.answer(who.person, found.id, said, self._frame.now())
        except (Rejected, TryAgain) as why:
            form = form.with_error("", _told(why))
            return self._page(who, found, blocks, form, _status(why))
        told = next((each.would_tell for each in blocks if each.subject == said.other), ())
        return self._frame.page(
            "match-said.html",
            who,
            title="Recorded",
            did=did,
            answer=said.answer,
            told=told,
            said=match_words,
        )

    def _blocks(self, found: Review) -> list[Beside]:
        return match_view.beside(found, self._frame.rules().identity.shown_identifiers)

    def _check(
        self, who: SignedIn, found: Review, blocks: Sequence[Beside], form: Filled, said: ReviewSaid
    ) -> Response:
        meant = next((each for each in blocks if each.subject == said.other), None)
        return self._frame.page(
            "match-check.html",
            who,
            title="Check before you confirm",
            review=found,
            form=form,
            answer=said.answer,
            meant=meant,
            alone=_alone(who, found, said, meant),
            said=match_words,
        )

    def _page(
        self,
        who: SignedIn,
        found: Review,
        blocks: Sequence[Beside],
        form: Filled,
        status: int = 200,
    ) -> Response:
        return self._frame.page(
            "match.html",
            who,
            status,
            title="Is this the same child?",
            review=found,
            why=match_view.why(found.why, found.asked),
            blocks=blocks,
            form=form,
            said=match_words,
            earlier=[(each, _letter(each, blocks)) for each in found.answers],
        )


def asks(blocks: Sequence[Beside]) -> Sequence[Asked]:
    """The answers by the record that is meant: its place on the page may change meanwhile."""
    several = len(blocks) > 1
    choices = [
        Choice(
            value=f"{ReviewAnswer.SAME} {each.subject}",
            text=f"The same child as record {each.letter}",
        )
        for each in blocks
    ]
    if several:
        choices += [
            Choice(
                value=f"{ReviewAnswer.DIFFERENT} {each.subject}",
                text=f"Not the child of record {each.letter}; of the others I do not say",
            )
            for each in blocks
        ]
    none = "A different child: none of these" if several else "A different child"
    choices += [
        Choice(value=ReviewAnswer.DIFFERENT.value, text=none),
        Choice(value=ReviewAnswer.CANNOT_TELL.value, text="I cannot tell"),
    ]
    return (
        Asked(
            name="answer",
            label="Is this the same child?",
            kind="one",
            choices=choices,
            needed="Choose an answer",
        ),
        Asked(
            name="words",
            label="Why?",
            kind="words",
            hint="What you looked at and whom you asked. It is kept with your answer.",
            needed="Write why",
        ),
    )


def said_in(form: Filled) -> ReviewSaid:
    answer, _, other = form.one("answer").partition(" ")
    return ReviewSaid(
        answer=ReviewAnswer(answer),
        other=SubjectId(other) if other else None,
        words=form.one("words"),
    )


def _alone(who: SignedIn, found: Review, said: ReviewSaid, meant: Beside | None) -> bool:
    """Whether somebody else must still say the same."""
    if said.answer is not ReviewAnswer.SAME or meant is None or not meant.risky:
        return False
    others = waiting(found.answers).items()
    return not any(other == said.other and each != who.person.id for each, other in others)


def _letter(answer: EarlierAnswer, blocks: Sequence[Beside]) -> str:
    return next((each.letter for each in blocks if each.subject == answer.other), "")


def _told(why: Rejected | TryAgain) -> str:
    if isinstance(why, TryAgain):
        return common.TRY_AGAIN
    return match_words.TURNED_AWAY.get(why.reason, common.COULD_NOT)


def _status(why: Rejected | TryAgain) -> int:
    return 503 if isinstance(why, TryAgain) else 422


_WRONG = (
    Asked(
        name="words",
        label="Why is this not about that child?",
        kind="words",
        hint="For example: I rang the school, and it is her cousin of the same name.",
        needed="Write why",
    ),
)
