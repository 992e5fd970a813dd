"""The twenty acceptance cases, carried by the real journey: every cell of every table holds."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from broker import sdjwt
from broker.domain.batch import Disclosure, Refusal, Stands
from broker.domain.words import Category, Extent
from broker.errors import PolicyNotEvaluated
from broker.explaining import as_if_related
from broker.intake import sort_out
from broker.journey import carry
from broker.policy import CedarPolicies, CompiledPolicies, read_bundle
from broker.question import Situation
from tests.acceptance.running import DIRECTORY, Decided, Result, Telling, canary, leaves, targets
from tests.acceptance.story import CODES, Step, Table, read_story, stories, table_in
from tests.world import batch_of

CEDAR = CedarPolicies(read_bundle())
COMPILED = CompiledPolicies(read_bundle())
PARTS = {Extent.SUMMARY: ("summary",), Extent.FULL: ("summary", "full")}


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    story = read_story(path)
    telling = Telling(story, COMPILED, COMPILED.rules)
    for number, step in enumerate(story.steps, 1):
        where = f"{path.name}, step {number}"
        if step.policies == "unavailable":
            with pytest.raises(PolicyNotEvaluated):
                telling.step(step)
            assert telling.held == {}, f"{where}: something was decided"
            continue
        before = set(telling.held)
        decided = telling.step(step)
        holds(telling, step, decided, where)
        for name, made in decided.items():
            nothing_else_leaves(name, made, where)
            both_engines_agree(made, where)
            if name not in before:
                the_same_again_changes_nothing(telling, name, made, where)


def test_every_row_of_every_table_is_asserted_by_some_step() -> None:
    for path in stories():
        story = read_story(path)
        asserted = {
            (step.table, row)
            for step in story.steps
            if step.table
            for row in (step.rows or table_in(story.tables[step.table - 1]))
        }
        written = {
            (number, row) for number, table in enumerate(story.tables, 1) for row in table_in(table)
        }
        assert written == asserted, path.name


def test_there_are_twenty() -> None:
    assert [int(path.name[:2]) for path in stories()] == list(range(1, 21))


def holds(telling: Telling, step: Step, decided: dict[str, Decided], where: str) -> None:
    """Everything that the step says, of whom it says it, and of nobody else."""
    rows: Table = {}
    if step.table is not None:
        table = table_in(telling.story.tables[step.table - 1])
        rows |= {row: cells for row, cells in table.items() if not step.rows or row in step.rows}
    for number in step.further:
        rows |= table_in(telling.story.further_tables[number - 1])
    named: dict[str, set[str]] = {name: set() for name in decided}
    for label, cells in rows.items():
        for about, recipient in targets(telling, step, label):
            named[about].add(recipient)
            the_row_holds(decided[about], recipient, cells, f"{where}: {label}")
    for name, made in decided.items():
        if rows:
            assert made.asked == named[name] | (set(step.also) & made.asked), f"{where}: {name}"
        not_asked = {*step.nobody, *step.nobody_about.get(name, ())}
        assert not made.asked & not_asked, f"{where}: {name}"
    what_came_of_it(telling, step, decided, where)
    what_else_is_said(telling, step, decided, where)


def the_row_holds(made: Decided, recipient: str, cells: dict[Category, Extent], where: str) -> None:
    """One recorded decision with an extent and a because for every category, as the row says."""
    result = made.by_recipient.get(recipient)
    assert result is not None, f"{where}: {recipient} is no candidate"
    present = made.genuine.notification.categories
    assert set(cells) == present, f"{where}: columns {set(cells) ^ present}"
    ruling = result.decision.ruling
    found = {category: ruling.extents[category] for category in cells}
    assert found == cells, f"{where}: {recipient}"
    assert set(ruling.because) == set(Category)
    told = {each for each, extent in ruling.extents.items() if extent is not Extent.NOTHING}
    assert set(ruling.bases) == told
    assert ruling.policy == COMPILED.version
    if all(extent is Extent.NOTHING for extent in cells.values()):
        assert isinstance(result, Refusal), where


def nothing_else_leaves(name: str, made: Decided, where: str) -> None:
    """A claim, a held category or a canary only where the decision says so; the token is one."""
    notification = made.genuine.notification
    token = sdjwt.pieces_of(notification.token)
    for recipient, result in made.by_recipient.items():
        extents = result.decision.ruling.extents
        said = leaves(made, result)
        if isinstance(result, Disclosure):
            passes = {
                claim
                for category in notification.categories
                for part in PARTS.get(extents[category], ())
                if (claim := f"{category}.{part}") in notification.claims
            }
            assert set(result.claims) == passes, f"{where}: {recipient}"
            assert set(result.held) == {
                each for each in notification.categories if extents[each] is Extent.EXISTENCE
            }
            kept = sdjwt.claims_in(token.present(result.claims))
            assert set(kept) == passes
            said += json.dumps(kept)
        for category in notification.categories:
            there = canary(name, category) in said
            words = f"{category}.full" in notification.claims
            full = isinstance(result, Disclosure) and extents[category] is Extent.FULL
            assert there is (full and words), f"{where}: {recipient}: {category}"


def both_engines_agree(made: Decided, where: str) -> None:
    for result in made.results:
        question = result.decision.candidate.question
        assert CEDAR.decide(question) == COMPILED.decide(question), f"{where}: {question}"


def the_same_again_changes_nothing(telling: Telling, name: str, made: Decided, where: str) -> None:
    """Replayed at the same instant, the same decisions; arriving twice, no effects."""
    (outcome,) = carry(
        [made.genuine], made.known, policies=CEDAR, rules=CEDAR.rules, directory=DIRECTORY
    )
    assert outcome.results == made.results, where
    came = {made.genuine.notification.id: made.genuine.token_sha256}
    record = telling.world.record(telling.data(name, made.known.now))
    batch = batch_of([record], publisher=made.genuine.notification.publisher)
    assert sort_out([made.genuine], came, batch) == ([], [])


def what_came_of_it(telling: Telling, step: Step, decided: dict[str, Decided], where: str) -> None:
    """Grounds, recalls, what does not leave, what is told anew."""
    for label, ground in step.grounds.items():
        for result in results_of(telling, step, decided, label):
            assert isinstance(result, Refusal), f"{where}: {label}"
            assert result.ground == ground, f"{where}: {label}"
    for name, made in decided.items():
        recalled = {
            f"{each.of.recipient.organisation} {each.of.recipient.role}": each
            for each in made.recalls
        }
        expected = {
            recipient: each
            for label, each in step.recalls.items()
            for about, recipient in targets(telling, step, label)
            if about == name
        }
        assert set(recalled) == set(expected), f"{where}: {name}: recalls"
        for recipient, each in expected.items():
            found = recalled[recipient]
            assert found.categories == {CODES[code] for code in each.categories}, where
            assert found.ground == each.ground, where
        stopped = {
            f"{told.recipient.organisation} {told.recipient.role}": ground
            for told, ground in made.superseded
        }
        does_not_leave = {
            recipient: ground
            for label, ground in step.does_not_leave.items()
            for about, recipient in targets(telling, step, label)
            if about == name
        }
        assert stopped == does_not_leave, f"{where}: {name}"
        for recipient in step.untold:
            assert isinstance(made.by_recipient[recipient], Refusal), f"{where}: {recipient}"
        for recipient, ground in step.grounds_of.items():
            refusal = made.by_recipient[recipient]
            assert isinstance(refusal, Refusal)
            assert refusal.ground == ground, f"{where}: {recipient}"
    for label in step.told_nothing_new:
        for result in results_of(telling, step, decided, label):
            assert isinstance(result, Stands), f"{where}: {label} is told again"


def what_else_is_said(
    telling: Telling, step: Step, decided: dict[str, Decided], where: str
) -> None:
    """Whom to ring, on which bases, what is blind, whose refusal stands in the cover."""
    for label, organisation in step.ring.items():
        for result in results_of(telling, step, decided, label):
            assert result.decision.candidate.ring == organisation, f"{where}: {label}"
    for label, bases in step.bases.items():
        for result in results_of(telling, step, decided, label):
            for category, found in result.decision.ruling.bases.items():
                said = (found.article_6, found.condition, found.confidence)
                assert said == bases, f"{where}: {label}: {category}"
    for label, codes in step.blind.items():
        for result in results_of(telling, step, decided, label):
            assert isinstance(result, Disclosure | Stands)
            told = result.decision.ruling.extents
            blind = {CODES[code] for code in codes}
            assert blind <= COMPILED.rules.blind, f"{where}: {label}"
            assert {told[each] for each in blind} == {Extent.EXISTENCE}, f"{where}: {label}"
    for label in step.cover_says_refused:
        for result in results_of(telling, step, decided, label):
            asked = result.decision.candidate
            states = {each.state for each in asked.rests.wished.values()}
            states.add(asked.question.consent_stated)
            assert states & telling.rules.refused_states, f"{where}: {label}"
    for label, until in step.good_until.items():
        for result in results_of(telling, step, decided, label):
            assert result.decision.candidate.rests.good_until == until, f"{where}: {label}"
    for name, level in step.level.items():
        for result in decided[name].results:
            assert result.decision.candidate.question.level is level, f"{where}: {name}"
    as_if(telling, step, decided, where)


def as_if(telling: Telling, step: Step, decided: dict[str, Decided], where: str) -> None:
    """In a world without some categories, everybody is told the same; nobody of a role is told."""
    for name, made in decided.items():
        if step.as_if_absent:
            without = [CODES[code] for code in step.as_if_absent]
            other = telling.genuine(name, made.known.now, without)
            held = telling.held[name]
            mute = replace(made.known, now=made.known.now)
            (there,) = carry(
                [held.genuine], mute, policies=CEDAR, rules=CEDAR.rules, directory=DIRECTORY
            )
            (absent,) = carry([other], mute, policies=CEDAR, rules=CEDAR.rules, directory=DIRECTORY)
            assert there.results == absent.results, f"{where}: {name}"
        for role in step.as_if_related:
            situation = Situation(
                notification=made.genuine.notification,
                match=telling.held[name].outcome.match,
                known=made.known,
                rules=telling.rules,
                directory=DIRECTORY,
            )
            asked = as_if_related(role, situation, COMPILED)
            assert COMPILED.decide(asked.question).tells_nothing, f"{where}: {role}"


def results_of(
    telling: Telling, step: Step, decided: dict[str, Decided], label: str
) -> list[Result]:
    return [
        decided[about].by_recipient[recipient] for about, recipient in targets(telling, step, label)
    ]
