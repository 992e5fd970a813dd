"""Break-glass, as somebody decides it: what they believe, who must know what, until when. Pure."""

from collections.abc import Mapping, Sequence

from broker.console.asked import Asked, Choice, Filled, moment, written_moment
from broker.console.questions import Setting, which_parts
from broker.domain.notification import Json


def override_asks(at: Setting) -> Sequence[Asked]:
    limits = at.rules.overrides
    days = limits.longest.days
    told = [
        Choice(value="told", text="Yes, the family has been told"),
        Choice(value="not_told", text="No, the family has not been told"),
    ]
    return [
        Asked(
            name="otherwise",
            label="What do you believe will happen otherwise?",
            kind="words",
            needed="Write what you believe will happen otherwise",
        ),
        Asked(
            name="alternatives",
            label="What else did you consider?",
            kind="words",
            needed="Write what else you considered, or that nothing else was possible",
        ),
        Asked(
            name="recipients",
            label="Who must know?",
            kind="some",
            choices=[
                Choice(value=f"{organisation} {role}", text=name)
                for organisation, role, name in at.places
            ],
            needed="Choose who must know",
        ),
        which_parts("Choose which parts they must know"),
        Asked(
            name="family",
            label="Has the family been told?",
            kind="one",
            choices=told,
            needed="Choose whether the family has been told",
        ),
        Asked(
            name="family_words",
            label="When and by whom, or why not",
            kind="words",
            needed="Write when and by whom the family was told, or why not",
        ),
        Asked(
            name="until",
            label="Until when?",
            kind="moment",
            hint=f"At most {days} days.",
            given=written_moment(at.now + limits.usual),
            needed="Write until when",
        ),
    ]


def override_fact(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    until = moment(form.one("until"), at.now.tzinfo)
    longest = at.rules.overrides.longest
    if until is None or until <= at.now:
        form = form.with_error("until", "Write an end that is still to come, as 30/11/2026 16:00")
    elif until - at.now > longest:
        form = form.with_error("until", f"Write an end at most {longest.days} days from now")
    told = "Told." if form.one("family") == "told" else "Not told."
    return {
        "otherwise": form.one("otherwise"),
        "alternatives": form.one("alternatives"),
        "recipients": list(form.some("recipients")),
        "categories": list(form.some("categories")),
        "family_told": f"{told} {form.one('family_words')}",
        "until": (until or at.now).isoformat(),
    }, form
