"""
What `broker decide` prints, as JSON or in words. `--json` prints

    {"at", "policy",                                  the instant; the version of the policies
     "concern": {"id", "publisher", "level", "level_state", "present", "match"},
     "note",                                          null, or why nobody asked for is a candidate
     "recipients": [                                  each candidate, in the journey's order
       {"organisation", "name", "role", "agency", "why", "hypothetical", "relationship", "gateway",
        "ring", "child_certain",
        "level_state", "level_used",                  as it stands now; the level used for this role
        "outcome",                                    disclosure or refusal
        "ground",                                     of a refusal, else null
        "claims", "held", "more_is_held",             of a disclosure: what passes, what is told to
                                                      exist, and whether more is, without its name
        "must_see", "duties", "good_until",           null: nothing that it rests on ends by itself
        "categories": {CATEGORY:                      all fourteen, in the concern or not
          {"present", "extent",
           "ground",                                  of nothing or existence: one word; else null
           "permits", "forbids", "overruled",         lists of {"id", "explain"}
           "bases",                                   null, or article_6, condition, confidence
           "consent",                                 given, refused or none
           "directive",                               null, or id and state of what counted
           "override"}},                              null, or its id
        "would_change": [                             single facts of the question put otherwise
          {"fact", "value", "words", "extents": {CATEGORY: {"from", "to"}}}]}]}

A key may be added to this; none is renamed or removed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broker.casefile import Case
from broker.domain.batch import Disclosure
from broker.domain.decision import Question
from broker.domain.ids import OrganisationId
from broker.domain.words import Category, Extent
from broker.explaining import Change, Explanation
from broker.policy import CompiledPolicies

_BY_DEFAULT = "no-permit-applies"
_NOTHING_APPLIES = "No policy gives this role this category here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything there is to print."""

    case: Case
    policies: CompiledPolicies
    note: str | None
    explanations: Sequence[Explanation]

    def name(self, organisation: OrganisationId) -> str:
        found = self.case.partnership.organisations.get(organisation)
        return "somebody whom the directory does not list" if found is None else found.name

    def sentence(self, policy: str) -> str:
        default = _NOTHING_APPLIES if policy == _BY_DEFAULT else ""
        return self.policies.bundle.sentences.get(policy, default)


def as_json_value(told: Told) -> dict[str, Any]:
    """The shape that the module describes."""
    notification = told.case.notification
    return {
        "at": told.case.known.now.isoformat(),
        "policy": told.policies.version,
        "concern": {
            "id": notification.id,
            "publisher": notification.publisher,
            "level": notification.level.value,
            "level_state": notification.level_state.value,
            "present": [each.value for each in Category if each in notification.categories],
            "match": told.case.match.state.value,
        },
        "note": told.note,
        "recipients": [_recipient(told, each) for each in told.explanations],
    }


def _recipient(told: Told, each: Explanation) -> dict[str, Any]:
    asked, ruling, result = each.decision.candidate, each.decision.ruling, each.result
    blind = told.policies.rules.blind
    passes = result if isinstance(result, Disclosure) else None
    held = passes.held if passes else ()
    return {
        "organisation": asked.recipient.organisation,
        "name": told.name(asked.recipient.organisation),
        "role": asked.recipient.role.value,
        "agency": asked.recipient.agency.value,
        "why": asked.why,
        "hypothetical": each.hypothetical,
        "relationship": asked.question.relationship.value,
        "gateway": asked.question.gateway.value,
        "ring": asked.ring,
        "child_certain": asked.child_certain,
        "level_state": asked.question.level_state.value,
        "level_used": ruling.level_used.value,
        "outcome": "disclosure" if passes else "refusal",
        "ground": each.ground,
        "claims": list(passes.claims) if passes else [],
        "held": [category.value for category in held if category not in blind],
        "more_is_held": any(category in blind for category in held),
        "must_see": passes.must_see if passes else False,
        "duties": sorted(ruling.duties),
        "good_until": None if each.good_until is None else each.good_until.isoformat(),
        "categories": {category.value: _category(told, each, category) for category in Category},
        "would_change": [_change(change) for change in each.changes],
    }


def _category(told: Told, each: Explanation, category: Category) -> dict[str, Any]:
    asked, ruling = each.decision.candidate, each.decision.ruling
    because, bases = ruling.because[category], ruling.bases.get(category)
    wished = asked.rests.wished.get(category)
    return {
        "present": category in told.case.notification.categories,
        "extent": ruling.extents[category].value,
        "ground": each.grounds.get(category),
        "permits": _policies(told, because.permits),
        "forbids": _policies(told, because.forbids),
        "overruled": _policies(told, because.overruled),
        "bases": bases
        and {
            "article_6": bases.article_6,
            "condition": bases.condition,
            "confidence": bases.confidence,
        },
        "consent": consent_of(asked.question, category),
        "directive": wished and {"id": wished.directive, "state": wished.state.value},
        "override": asked.rests.overrides.get(category),
    }


def consent_of(question: Question, category: Category) -> str:
    """As the policies are asked about it: a refusal counts before an agreement."""
    if category in question.refused | question.young_person_refused:
        return "refused"
    return "given" if category in question.agreed else "none"


def _policies(told: Told, ids: Sequence[str]) -> list[dict[str, str]]:
    return [{"id": each, "explain": told.sentence(each)} for each in ids]


def _change(change: Change) -> dict[str, Any]:
    return {
        "fact": change.fact,
        "value": change.value,
        "words": change.words,
        "extents": {
            category.value: {"from": before.value, "to": after.value}
            for category, (before, after) in change.extents.items()
        },
    }


def lines(told: Told) -> Iterator[str]:
    """What a caseworker reads: only what is in the concern."""
    notification = told.case.notification
    level, state = notification.level.value, notification.level_state.value
    yield f"{told.name(notification.publisher)} says: {level}, {state}; the child is " + (
        "not certain" if told.case.match.state.value == "needs_person" else "certain"
    )
    yield f"decided for {told.case.known.now.isoformat()}, policies {told.policies.version[:12]}"
    if told.note:
        yield told.note
    if not told.explanations:
        yield "nobody is a candidate"
    for each in told.explanations:
        yield ""
        yield from _of_recipient(told, each)


def _of_recipient(told: Told, each: Explanation) -> Iterator[str]:
    asked, ruling = each.decision.candidate, each.decision.ruling
    who = asked.recipient
    yield f"{who.role.value}, {told.name(who.organisation)} ({who.organisation}): {asked.why}"
    facts = [f"level used {ruling.level_used.value}, {asked.question.level_state.value}"]
    if asked.question.gateway.value != "none":
        facts.append(f"gateway {asked.question.gateway.value}")
    if each.good_until is not None:
        facts.append(f"good until {each.good_until.isoformat()}")
    facts.append(f"whom to ring {told.name(asked.ring)}")
    yield f"  {'; '.join(facts)}"
    yield f"  told nothing: {each.ground}" if each.ground else "  told:"
    for category in Category:
        if category in told.case.notification.categories:
            yield from _of_category(told, each, category)
    if ruling.duties:
        yield f"  duties: {', '.join(sorted(ruling.duties))}"
    yield from _what_would_change(told, each.changes)


def _of_category(told: Told, each: Explanation, category: Category) -> Iterator[str]:
    found = _category(told, each, category)
    consent = found["consent"]
    if found["directive"]:
        consent += f" ({found['directive']['state']}, directive {found['directive']['id']})"
    bases = "; " + ", ".join(found["bases"].values()) if found["bases"] else ""
    ground = f"; {found['ground']}" if found["ground"] else ""
    yield f"    {category.value:<20}{found['extent']:<11}agreement: {consent}{bases}{ground}"
    for how, said in (("permits", "by"), ("forbids", "stopped by"), ("overruled", "overruled")):
        for policy in found[how]:
            yield f"      {said} {policy['id']}: {policy['explain']}"
    if found["override"]:
        yield f"      override {found['override']}"


def _what_would_change(told: Told, changes: Sequence[Change]) -> Iterator[str]:
    """Only what moves something that is in the concern."""
    present = told.case.notification.categories
    shown = [(change, _moved(change.extents, present)) for change in changes]
    shown = [(change, moved) for change, moved in shown if moved]
    yield "  would be otherwise:" if shown else "  no single fact would change any of it"
    for change, moved in shown:
        yield f"    {change.words}: {moved}"


def _moved(extents: Mapping[Category, tuple[Extent, Extent]], present: frozenset[Category]) -> str:
    return ", ".join(
        f"{category.value} {before.value} → {after.value}"
        for category, (before, after) in extents.items()
        if category in present
    )
