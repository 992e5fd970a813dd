"""A wish about sharing, as somebody writes it down: whose, what, for what, with whom. Pure."""

from collections.abc import Mapping, Sequence

from broker.console import words
from broker.console.asked import Asked, Choice, Filled, moment
from broker.console.questions import Setting, all_or, which_parts
from broker.domain.notification import Json

_ASSESSED = {value for value, _, asks in words.CAPACITIES if asks}


def wish_asks(at: Setting) -> Sequence[Asked]:
    roles = [
        Choice(value=f"role:{role}", text=f"Every {name}")
        for role, name in words.ROLES.items()
        if role not in {each.value for each in at.rules.overrides.figures_for}
    ]
    places = {organisation: name for organisation, _, name in at.places}
    named = [Choice(value=each, text=name.partition(",")[0]) for each, name in places.items()]
    assessed = [
        Asked(
            name="assessed_by",
            label="Who found that they understand this decision?",
            kind="line",
            needed="Write who found that they understand this decision",
            most=120,
        ),
        Asked(
            name="question",
            label="Which decision is it?",
            kind="line",
            needed="Write which decision they understand",
        ),
    ]
    return [
        Asked(
            name="person",
            label="Whose wish is it?",
            kind="line",
            hint="Their name. Always the same name for the same person.",
            needed="Write whose wish it is",
            most=120,
        ),
        Asked(
            name="capacity",
            label="Who are they to the child?",
            kind="one",
            choices=[
                Choice(
                    value=value,
                    text=text,
                    asks=assessed if asks else (),
                    opens="If they are under 16: who found that they understand",
                )
                for value, text, asks in words.CAPACITIES
            ],
            needed="Choose who they are to the child",
            given="pr_holder",
        ),
        Asked(
            name="state",
            label="What did they say?",
            kind="one",
            choices=[Choice(value=value, text=text) for value, text in words.WISHES],
            needed="Choose what they said, or why nobody asked",
        ),
        which_parts("", folded="It is about everything, unless you choose parts here"),
        Asked(
            name="recipients",
            label="With whom?",
            kind="some",
            choices=[*roles, *named],
            folded="It is about everybody, unless you choose with whom here",
        ),
        Asked(
            name="until",
            label="Until when?",
            kind="moment",
            hint=(
                f"For example, 30/6/2027. Empty: at most {at.rules.consent.longest_months} months"
                " for an agreement; a refusal stands until they change it."
            ),
        ),
        Asked(
            name="evidence",
            label="How do you know?",
            kind="words",
            hint="In their own words, if you can. Where you spoke, and who was there.",
        ),
        Asked(
            name="may_contact",
            label="Is it safe to contact them about this?",
            kind="one",
            choices=[Choice(value=value, text=text) for value, text in words.YES_NO],
            needed="Choose whether it is safe to contact them",
            given="not_known",
        ),
        Asked(
            name="note",
            label="Anything that keeps them safe",
            kind="words",
            hint="Such as who must not hear of it, or when to ring.",
        ),
    ]


def wish_fact(form: Filled, at: Setting) -> tuple[Mapping[str, Json], Filled]:
    giver = {"person": form.one("person"), "capacity": form.one("capacity")}
    assessed = {name: form.one(name) for name in ("assessed_by", "question") if form.one(name)}
    if form.one("capacity") in _ASSESSED:
        giver |= assessed
    valid = {"from": at.now.isoformat()}
    if form.one("until"):
        until = moment(form.one("until"), at.now.tzinfo)
        if until is None or until <= at.now:
            form = form.with_error("until", "Write a day that is still to come, as 30/6/2027")
        else:
            valid["until"] = until.isoformat()
    directive: dict[str, Json] = {
        "kind": "information_agreement",
        "state": form.one("state"),
        "giver": giver,
        "scope": {
            "categories": all_or(form.some("categories")),
            "recipients": all_or(form.some("recipients")),
            "purpose": "*",
        },
        "valid": valid,
        "safety": {"may_contact": form.one("may_contact")}
        | ({"note": form.one("note")} if form.one("note") else {}),
    }
    if form.one("evidence"):
        directive["evidence"] = form.one("evidence")
    return {"directive": directive}, form
