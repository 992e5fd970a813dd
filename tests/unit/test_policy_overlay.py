"""
An agency's overlay is only ever stricter, and never at significant harm or in an emergency. What is
accepted is held to that by asking; what would widen or block is refused, with file and line.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cedarpy
import pytest
from cedarpy import pst
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from broker.domain.decision import Question
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Extent,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)
from broker.errors import PolicySetInvalid
from broker.policy import Bundle, CompiledPolicies, read_bundle
from broker.policy.analysis import difference
from broker.policy.bundle import without_overlays
from broker.policy.check import check
from broker.policy.held import HeldFolder
from broker.policy.overlay import overlay_findings
from tests.unit.questions import a_question, seeded

BASE = read_bundle()
AGREED = CompiledPolicies(BASE)
PROTECTED = (Level.SIGNIFICANT_HARM, Level.EMERGENCY)
ALL_THREE = 'Action::"tell_existence", Action::"tell_summary", Action::"tell_full"'

EXAMPLE = """@id("overlay-clinic-waits-for-agreement")
@basis("Common law duty of confidence")
@explain("Before significant harm the clinic tells nobody of a child's health without agreement.")
forbid (
  principal,
  action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"],
  resource
)
when
{
  context.level in [Level::"universal", Level::"early_help", Level::"child_in_need"] &&
  resource == Category::"child_health" &&
  context.publisher == Agency::"health" &&
  !(context.own || context.override) &&
  context.consent != Consent::"given"
};
"""
CASE = """{"question": {"role": "social_worker", "level": "child_in_need", "publisher": "health",
  "relationship": "allocated"}, "extents": {"identity": "full", "care_status": "full",
  "narrative": "full", "childs_voice": "full"},
 "because": ["overlay-clinic-waits-for-agreement"]}
"""


def overlaid(text: str) -> Bundle:
    """The shipped policies with one overlay. Raises PolicySetInvalid."""
    return read_bundle(None, {"clinic": HeldFolder({"more.cedar": text.encode()})})


def an_overlay(condition: str, *, effect: str = "forbid", actions: str = ALL_THREE) -> str:
    return (
        '@id("overlay-clinic") @basis("-") @explain("-")\n'
        f"{effect} (principal, action in [{actions}], resource)\nwhen {{\n  {condition}\n}};\n"
    )


def test_an_overlay_narrows_below_significant_harm_and_nowhere_else() -> None:
    bundle = overlaid(EXAMPLE)
    assert bundle.version != BASE.version
    narrowed = CompiledPolicies(bundle)
    draw, fewer = seeded(3), 0
    for _ in range(5_000):
        question = a_question(draw)
        before, after = AGREED.decide(question), narrowed.decide(question)
        assert_only_stricter(question, AGREED, narrowed)
        fewer += before.extents != after.extents
    assert fewer > 5
    moved = difference(BASE, bundle).changes  # over every question that can be asked
    assert {each.category for each in moved} == {Category.CHILD_HEALTH}
    assert all(each.newly_allowed == 0 < each.newly_refused for each in moved)


def assert_only_stricter(
    question: Question, agreed: CompiledPolicies, narrowed: CompiledPolicies
) -> None:
    before, after = agreed.decide(question), narrowed.decide(question)
    assert all(after.extents[each] <= before.extents[each] for each in Category)
    if before.level_used in PROTECTED:
        assert after.extents == before.extents


def test_without_its_overlays_a_bundle_is_what_was_agreed() -> None:
    agreed = without_overlays(overlaid(EXAMPLE))
    assert agreed.cedar == BASE.cedar


@pytest.mark.parametrize(
    ("condition", "example"),
    [
        ("context.sealed", "level is emergency, sealed is true"),
        ('context.level != Level::"universal"', "level is emergency"),
        ('context.level in [Level::"child_in_need", Level::"significant_harm"]', "significant"),
        ('!(context.level in [Level::"universal", Level::"early_help"])', "level is emergency"),
        ('context.level == Level::"early_help" || context.conflict', "conflict is true"),
        (
            'context.level == Level::"emergency" && resource == Category::"offences"',
            "category is offences",
        ),
        ("context.own && !(context.own && context.sealed)", "own is true, sealed is false"),
    ],
)
def test_an_overlay_that_would_block_significant_harm_is_refused(
    condition: str, example: str
) -> None:
    with pytest.raises(PolicySetInvalid) as refused:
        overlaid(an_overlay(condition))
    said = refused.value.detail
    assert refused.value.reason == "policy_overlay"
    assert said.startswith("overlays/clinic/more.cedar:1: overlay-clinic: it would keep back")
    assert example in said.lower()
    assert 'write when { context.level in [Level::"universal", Level::"early_help"' in said


def test_an_overlay_that_permits_is_refused() -> None:
    text = an_overlay('context.level == Level::"early_help"', effect="permit")
    with pytest.raises(PolicySetInvalid, match=r"more\.cedar:1: overlay-clinic: a permit could"):
        overlaid(text.replace("principal,", 'principal in Role::"gp",'))


def test_an_overlay_under_the_name_of_an_agreed_policy_is_refused() -> None:
    text = an_overlay('context.level == Level::"early_help"')
    with pytest.raises(PolicySetInvalid, match="begin @id with overlay-"):
        overlaid(text.replace("overlay-clinic", "forbid-sealed-in-our-clinic"))


def test_what_can_never_hold_at_a_protected_level_needs_no_level_first() -> None:
    """Analysed, not looked at: the level may stand anywhere in the condition, in any form."""
    forms = (
        'context.sealed && context.level == Level::"early_help"',
        '!(context.sealed || context.level != Level::"early_help")',
        '!(context.level in [Level::"significant_harm", Level::"emergency"]) && context.own',
        'context.sealed && !context.sealed && context.level == Level::"emergency"',
    )
    for form in forms:
        assert overlaid(an_overlay(form)).sentences["overlay-clinic"] == "-"


def level_in(levels: set[Level]) -> str:
    listed = ", ".join(f'Level::"{level.value}"' for level in sorted(levels))
    return f"context.level in [{listed}]"


LEVELS = st.sets(st.sampled_from(Level), min_size=1).map(level_in)
FACTS = st.sampled_from(
    [
        *("context.own", "context.sealed", "context.necessity", "context.home"),
        'context.consent == Consent::"given"',
        'context.publisher != Agency::"police"',
        'context.gateway == Gateway::"none"',
        'context.relationship in [Relationship::"none", Relationship::"enrolled"]',
        'resource in [Category::"narrative", Category::"child_health"]',
        'principal in Agency::"schools"',
    ]
)
CONDITIONS = st.recursive(
    LEVELS | FACTS,
    lambda inner: (
        inner.map(lambda one: f"!({one})")
        | st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            lambda three: f"({three[0]} {three[1]} {three[2]})"
        )
    ),
    max_leaves=6,
)
RUNS = st.sampled_from([ALL_THREE, 'Action::"tell_summary", Action::"tell_full"'])


EVERYTHING = f"""@id("matrix-everything") @basis("-") @explain("-")
permit (principal, action in [{ALL_THREE}], resource);
"""


NOTHING_BELOW = f"""@id("forbid-sealed") @basis("-") @explain("-")
forbid (principal, action in [{ALL_THREE}], resource) when {{
  context.level in [Level::"universal", Level::"early_help", Level::"child_in_need"]
}};
"""


# Shrinking would compile for minutes; what is found is short as it is.
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(CONDITIONS, RUNS)
def test_any_overlay_leaves_the_protected_levels_alone_or_is_refused(
    condition: str, actions: str
) -> None:
    """
    Counted over every question at a protected level, over a base that tells everybody everything,
    so that whatever is forbidden shows. Accepted exactly if nothing is; and if refused, the
    question that it is refused with really is forbidden.
    """
    text = an_overlay(condition, actions=actions)
    found = list(overlay_findings(*as_overlay(text), BASE.schema, Level.SIGNIFICANT_HARM))
    agreed = replace(BASE, text=EVERYTHING + NOTHING_BELOW)
    moved = difference(agreed, replace(agreed, text=agreed.text + text)).changes
    assert bool(found) == bool(moved)
    assert all(each.newly_allowed == 0 for each in moved)
    if found:
        narrowed = CompiledPolicies(replace(BASE, text=EVERYTHING + text))
        question, categories = shown(found[0].says)
        extents = narrowed.decide(question).extents
        assert all(extents[category] is not Extent.FULL for category in categories)


def as_overlay(text: str) -> tuple[dict[str, Mapping[str, pst.Template]], dict[str, str]]:
    file = "overlays/clinic/more.cedar"
    return {file: cedarpy.PolicySet.from_str(text).to_pst().static_policies}, {file: text}


def shown(said: str) -> tuple[Question, list[Category]]:
    """The question that a refusal shows, and the categories that it speaks of."""
    pairs = said.split("as when ")[1].split(": write", maxsplit=1)[0].split(", ")
    told = dict(pair.split(" is ", 1) for pair in pairs)
    every, nobody = frozenset(Category), frozenset[Category]()
    consent, necessity = told.get("consent"), told.get("necessity") == "true"
    unsafe = ConsentState.NOT_SOUGHT_UNSAFE  # necessity written down
    question = a_question(
        seeded(1),
        role=Role(told.get("Role", "gp")),
        agency=Agency(told.get("Agency", "health")),
        publisher=Agency(told.get("publisher", "health")),
        level=Level(told["level"]),
        level_state=LevelState.CONFIRMED,
        gateway=Gateway(told.get("gateway", "none")),
        relationship=RelationshipKind(told.get("relationship", "none")),
        agreed=every if consent == "given" else nobody,
        refused=every if consent == "refused" else nobody,
        young_person_refused=nobody,
        consent_stated=unsafe if necessity else ConsentState.GIVEN,
        necessity=necessity,
        sealed=told.get("sealed") == "true",
        own=told.get("own") == "true",
        jurisdiction="GB-SCT" if told.get("home") == "false" else "GB-ENG",
    )
    return question, [Category(told["Category"])] if "Category" in told else list(Category)


def test_an_overlays_cases_are_run_and_the_agreed_cases_stay_as_agreed() -> None:
    folder = HeldFolder(
        {
            "more.cedar": EXAMPLE.encode(),
            "cases/without-agreement-health-waits.json": CASE.encode(),
        }
    )
    found = check(None, CompiledPolicies, {"clinic": folder})
    runs = {run.sentence: run for run in found.cases}
    assert "overlay-clinic-waits-for-agreement" in runs["without agreement health waits"].because
    assert len(found.cases) == 1 + len(check(None, CompiledPolicies).cases)


def test_an_overlay_that_makes_a_signed_sentence_false_is_found(tmp_path: Path) -> None:
    (tmp_path / "more.cedar").write_text(EXAMPLE.replace("context.own || ", ""))
    found = check(None, CompiledPolicies, {"clinic": tmp_path}).found
    assert any(
        "not true: The desk that published a concern sees it as it sent it" in each.says
        and each.reason == "policy_invariant"
        for each in found
    )


def test_an_overlay_without_a_case_is_found(tmp_path: Path) -> None:
    (tmp_path / "more.cedar").write_text(EXAMPLE)
    found = check(None, CompiledPolicies, {"clinic": tmp_path})
    assert [str(each) for each in found.found] == [
        "overlays/clinic/more.cedar:1: no case names overlay-clinic-waits-for-agreement: write one"
        " in cases/ that it decides, or remove it"
    ]
