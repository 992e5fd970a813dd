"""
What a person may say about sharing, one form each: the questions, and how the answers become the
statement's fact (schemas/statement-1.0). Pure; who is offered which is policy (offers.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from broker.console import words
from broker.console.asked import Asked, Choice, Filled
from broker.console.override import override_asks, override_fact
from broker.console.questions import Setting, which_parts, words_of
from broker.console.wish import wish_asks, wish_fact
from broker.domain.notification import Json
from broker.domain.words import EventType, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """One page on which something is said."""

    kind: EventType
    slug: str  # in the page's address
    title: str
    lead: str
    asks: Callable[[Setting], Sequence[Asked]]
    fact: Callable[[Filled, Setting], tuple[Mapping[str, Json], Filled]]
    after: str = ""  # what happens next, once it is said


def _level_asks(at: Setting) -> Sequence[Asked]:
    may = at.rules.may_confirm.get(at.role, frozenset()) if at.role is not None else frozenset()
    return [
        Asked(
            name="level",
            label="How worried are you?",
            kind="one",
            choices=[
                Choice(value=each.value, text=words.LEVELS[each]) for each in Level if each in may
            ],
            needed="Choose how worried you are",
            given=at.about.level.value if at.about.level in may else "",
        ),
        Asked(name="words", label="Why?", kind="words", hint="May be left empty."),
    ]


def _level_fact(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    del at
    return {"level": form.one("level"), **words_of(form)}, form


def _necessity_asks(at: Setting) -> Sequence[Asked]:
    most = at.rules.statements.necessity_longest
    return [
        Asked(
            name="words",
            label="Why must others know, without agreement?",
            kind="words",
            hint=f"One sentence, at most {most} characters.",
            needed="Write why others must know",
            most=most,
        )
    ]


def _only_words(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    del at
    return words_of(form), form


def _weigh_asks(at: Setting) -> Sequence[Asked]:
    del at
    return [
        which_parts("Choose at least one part"),
        Asked(
            name="words",
            label="Why do you go on?",
            kind="words",
            hint="What the young person said, and what outweighs it.",
            needed="Write why you go on",
        ),
    ]


def _weigh_fact(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    del at
    return {"categories": list(form.some("categories")), **words_of(form)}, form


def _detriment_asks(at: Setting) -> Sequence[Asked]:
    places = {organisation: name for organisation, _, name in at.places}
    return [
        Asked(
            name="organisation",
            label="Telling whom would do more harm?",
            kind="one",
            choices=[
                Choice(value=each, text=name.partition(",")[0]) for each, name in places.items()
            ],
            needed="Choose an organisation",
        ),
        _stands("Telling them would harm the child more than not telling", "It no longer would"),
        _why(),
    ]


def _detriment_fact(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    del at
    said = {"organisation": form.one("organisation"), "stands": form.one("stands") == "yes"}
    return {**said, **words_of(form)}, form


def _source_asks(at: Setting) -> Sequence[Asked]:
    del at
    return [
        Asked(
            name="person",
            label="Who?",
            kind="line",
            hint="The same name as in the wishes that were recorded.",
            needed="Write who it is",
            most=120,
        ),
        _stands(
            "They are alleged to be a source of harm: their yes and no do not count",
            "They no longer are",
        ),
        _why(),
    ]


def _source_fact(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    del at
    said = {"person": form.one("person"), "stands": form.one("stands") == "yes"}
    return {**said, **words_of(form)}, form


def _stands(yes: str, no: str) -> Asked:
    choices = [Choice(value="yes", text=yes), Choice(value="no", text=no)]
    return Asked(
        name="stands", label="Does it hold?", kind="one", choices=choices,
        needed="Choose whether it holds", given="yes",
    )  # fmt: skip


def _why() -> Asked:
    return Asked(name="words", label="Why?", kind="words", needed="Write why")


SAYINGS: Sequence[Saying] = (
    Saying(
        kind=EventType.CONSENT_RECORDED,
        slug="wish",
        title="Record a wish about sharing",
        lead="What somebody in the family wants shared, or not. Nobody is asked again for it.",
        asks=wish_asks,
        fact=wish_fact,
    ),
    Saying(
        kind=EventType.LEVEL_CONFIRMED,
        slug="level",
        title="Confirm how worried",
        lead="Until somebody confirms it, the level is what was proposed.",
        asks=_level_asks,
        fact=_level_fact,
    ),
    Saying(
        kind=EventType.NECESSITY_RECORDED,
        slug="necessity",
        title="Say why others must know",
        lead="Where nobody agreed, one sentence lets others have what the law lets them have.",
        asks=_necessity_asks,
        fact=_only_words,
    ),
    Saying(
        kind=EventType.REFUSAL_WEIGHED,
        slug="weighed",
        title="Go on although the young person refused",
        lead="Their refusal stays visible. What you write stands beside it.",
        asks=_weigh_asks,
        fact=_weigh_fact,
    ),
    Saying(
        kind=EventType.OVERRIDE_RAISED,
        slug="override",
        title="Tell somebody now",
        lead="It works at once, for the time you choose. Court orders, conflicts of interest and"
        " protected locations hold all the same.",
        asks=override_asks,
        fact=override_fact,
        after="Another person, in another team, looks at it. You need do nothing for that.",
    ),
    Saying(
        kind=EventType.DETRIMENT_RECORDED,
        slug="detriment",
        title="Telling them would do more harm",
        lead="They learn that there is something, and no more, until you or your organisation lift"
        " it.",
        asks=_detriment_asks,
        fact=_detriment_fact,
    ),
    Saying(
        kind=EventType.SOURCE_OF_HARM_RECORDED,
        slug="source",
        title="Alleged source of harm",
        lead="Whoever is alleged to be a source of harm can neither agree nor refuse.",
        asks=_source_asks,
        fact=_source_fact,
    ),
)


def saying(slug: str) -> Saying | None:
    return next((each for each in SAYINGS if each.slug == slug), None)


def saying_of(kind: EventType) -> Saying:
    return next(each for each in SAYINGS if each.kind is kind)
