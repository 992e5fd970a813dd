"""
`python -m tests.bench.policies`: how soon one notification's fan-out is decided by the compiled
policies, with Cedar's best path in the same run as the peer. Writes var/bench/policies.json.

Cedar's path is as good as it gets: parsed handles, one batch for each role with just the policies
that bear on it, contexts serialised outside the clock, full asked first and less only of what was
refused, results as Cedar's text. Exit 3 when the ratio or the equality of the two is missed; a time
belongs to a machine and a day, and fails nothing.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import cedarpy
from cedarpy import _internal  # the batch without Python objects around its answers

from broker.domain.decision import Question
from broker.domain.words import Agency, Category, Extent, Level, LevelState, Role
from broker.errors import PolicyDisagrees
from broker.policy import Bundle, CedarPolicies, CompiledPolicies, read_bundle
from broker.policy.cedar import entities, recipient, slice_for
from broker.policy.compare import compare
from broker.policy.engine import LADDER
from broker.policy.proof import prove
from broker.policy.vocabulary import vocabulary
from tests.unit.fuzzing import policies as random_policies
from tests.unit.questions import a_question, seeded

RECIPIENTS = 20
RATIO_WANTED = 1_000
MANY = 1_000
FOUND_SOMETHING = 3


Figures = dict[str, Any]


def fan_out() -> list[Question]:
    """Twenty recipients of one notification in every role, no two of them asked the same."""
    random = seeded(20)
    concern = {
        "publisher": Agency.POLICE,
        "level": Level.CHILD_IN_NEED,
        "level_state": LevelState.CONFIRMED,
        "jurisdiction": "GB-ENG",
    }
    roles = list(Role)
    return [
        a_question(random, role=roles[number % len(roles)], **concern)
        for number in range(RECIPIENTS)
    ]


def timed(what: Callable[[], object], *, loops: int, rounds: int) -> float:
    """Median microseconds of one call."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(loops):
            what()
        found.append((time.perf_counter() - began) / loops)
    return round(median(found) * 1e6, 2)


class Peer:
    """Cedar's best path for one fan-out."""

    def __init__(self, cedar: CedarPolicies, asked: Sequence[Question]) -> None:
        bundle = cedar.bundle
        tree = cedarpy.PolicySet.from_str(bundle.text).to_pst().static_policies
        words = entities(vocabulary(bundle.schema))
        self._policies = {role: slice_for(tree, role).all for role in Role}
        self._schema = cedarpy.Schema.from_str(bundle.schema)
        self._entities = _internal.Entities.from_json_str(words, self._schema)
        self._by_role: dict[Role, list[int]] = defaultdict(list)
        for place, question in enumerate(asked):
            self._by_role[question.role].append(place)
        self._requests = {
            (place, category, extent): {
                "principal": {"type": "Recipient", "id": recipient((one.role, one.agency))},
                "action": {"type": "Action", "id": f"tell_{extent.value}"},
                "resource": {"type": "Category", "id": category.value},
                "context": context,
            }
            for place, one in enumerate(asked)
            for category, context in cedar.contexts(one).items()
            for extent in LADDER
        }

    def decide(self) -> dict[tuple[int, Category], Extent]:
        """The extents of every recipient and category."""
        found: dict[tuple[int, Category], Extent] = {}
        for role, places in self._by_role.items():
            waiting = [(place, category) for place in places for category in Category]
            for extent in reversed(LADDER):
                requests = [self._requests[(*each, extent)] for each in waiting]
                answers = _internal.is_authorized_batch(
                    requests, self._policies[role], self._entities, self._schema
                )
                allowed = ['"Allow"' in answer for answer in answers]
                found.update(
                    (each, extent) for each, passes in zip(waiting, allowed, strict=True) if passes
                )
                waiting = [
                    each for each, passes in zip(waiting, allowed, strict=True) if not passes
                ]
            found.update((each, Extent.NOTHING) for each in waiting)
        return found


def compiled_figures(policies: CompiledPolicies, asked: Sequence[Question]) -> Figures:
    """Microseconds for one notification; nothing is remembered, save where the name says so."""
    (page,) = policies.pages(asked)

    def cold() -> None:
        policies.engine.forget()
        policies.masks(asked)

    policies.decide_all(asked)
    return {
        "masks_warm": timed(lambda: policies.engine.masks(page), loops=200, rounds=101),
        "answers_alone": timed(lambda: policies.engine.answers(page), loops=200, rounds=101),
        "masks_from_questions": timed(lambda: policies.masks(asked), loops=5, rounds=51),
        "masks_cold": timed(cold, loops=1, rounds=101),
        "because_warm": timed(lambda: policies.reasons(page), loops=5, rounds=51),
        "rulings_with_because": timed(lambda: policies.rulings_of(page, asked), loops=5, rounds=51),
        "rulings_from_questions": timed(lambda: policies.rulings(asked), loops=5, rounds=51),
        "rulings_remembered": timed(lambda: policies.decide_all(asked), loops=50, rounds=51),
    }


def with_many(bundle: Bundle) -> Bundle:
    """With random policies beside its own, of two or three tests each: a thousand in all."""
    number = MANY - len(bundle.sentences)
    written = random_policies(
        seeded(1), vocabulary(bundle.schema), number, name="override-random-", depth=1
    )
    return replace(bundle, text=f"{bundle.text}\n{written}")


def same_as(peer: Peer, policies: CompiledPolicies, asked: Sequence[Question]) -> bool:
    """Whether both paths gave the same extents."""
    rulings = policies.decide_all(asked)
    ours = {
        (place, category): extent
        for place, ruling in enumerate(rulings)
        for category, extent in ruling.extents.items()
    }
    return peer.decide() == ours


def seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return round(time.perf_counter() - began, 3)


def figures(decisions: int, *, with_proof: bool) -> Figures:
    bundle, asked = read_bundle(), fan_out()
    policies, cedar = CompiledPolicies(bundle), CedarPolicies(bundle)
    peer, many = Peer(cedar, asked), CompiledPolicies(with_many(bundle))
    (many_page,) = many.pages(asked)
    compiled_us = compiled_figures(policies, asked)
    cedar_us = timed(peer.decide, loops=1, rounds=9)
    found: Figures = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}, cedarpy {version('cedarpy')}",
        "policies": len(bundle.sentences),
        "recipients": RECIPIENTS,
        "categories": len(Category),
        "answers_a_notification": RECIPIENTS * len(Category) * len(LADDER),
        "compiled_us": compiled_us,
        "cedar_best_path_us": cedar_us,
        "ratio": round(cedar_us / compiled_us["masks_warm"]),
        "same_extents": same_as(peer, policies, asked),
        "thousand_policies_us": timed(lambda: many.engine.masks(many_page), loops=20, rounds=51),
        "seconds": {
            "read_bundle": seconds(read_bundle),
            "compile": seconds(lambda: CompiledPolicies(bundle)),
        },
    }
    disagreements = 0
    try:
        began = time.perf_counter()
        compared = compare(bundle, policies, answers=decisions, seed="bench", sliced=True)
        found["random"] = {"decisions": compared.answers, "allowed": compared.allowed}
        found["seconds"]["random"] = round(time.perf_counter() - began, 1)
        if with_proof:
            began = time.perf_counter()
            proof = prove(bundle)
            found["proof"] = {"asked_of_cedar": proof.asked, "covers": proof.covered}
            found["seconds"]["proof"] = round(time.perf_counter() - began, 1)
    except PolicyDisagrees as why:
        disagreements, found["disagreement"] = 1, str(why)
    return {**found, "disagreements": disagreements}


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=50_000, help="random, held to Cedar")
    parser.add_argument("--no-proof", action="store_true", help="leave the proof out")
    chosen = parser.parse_args(words)
    found = figures(chosen.decisions, with_proof=not chosen.no_proof)
    written = Path("var/bench/policies.json")
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    kept = found["same_extents"] and not found["disagreements"] and found["ratio"] >= RATIO_WANTED
    return 0 if kept else FOUND_SOMETHING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
