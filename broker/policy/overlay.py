"""
Local overlays: what an agency adds to the policies that all have agreed. An overlay may only be
stricter, and only below the level that levels.yaml names; above it nobody may be kept from what the
partnership agreed to tell them.

Not judged by its looks: a forbid can lower and never raise, and each one's tree is searched for a
question at a protected level in which it would hold. If there is one, it is shown. If there is
none, the overlay changes no answer at these levels, whatever else it says.
"""

from collections.abc import Iterator, Mapping

from cedarpy import pst

from broker.domain.words import Level
from broker.errors import Unsupported
from broker.policy.compile import Both, OneOf, Tree, rules_in
from broker.policy.lint import Tree as Policies
from broker.policy.lint import named
from broker.policy.places import Finding, line_of_policy
from broker.policy.vocabulary import Vocabulary, vocabulary

OVERLAYS = "overlays/"
_BEGINS = "overlay-"
_LEVEL = ("context", "level")

Fact = tuple[str, str]
Narrowed = Mapping[Fact, frozenset[str]]
"""Facts with the values that are left for them; one that is absent may have any."""


def overlay_findings(
    trees: Mapping[str, Policies], texts: Mapping[str, str], schema: str, only_below: Level
) -> Iterator[Finding]:
    """What keeps an overlay from being one: file, line, and what to write instead."""
    protected = frozenset(level.value for level in Level if level >= only_below)
    for file, policies in trees.items():
        if not file.startswith(OVERLAYS):
            continue
        words = vocabulary(schema)
        for place, policy in policies.items():
            for says in _wrong(policy, words, protected, only_below):
                line = line_of_policy(texts[file], place)
                said = f"{named(policy)}: {says}"
                yield Finding(reason="policy_overlay", file=file, line=line, says=said)


def _wrong(
    policy: pst.Template, words: Vocabulary, protected: frozenset[str], only_below: Level
) -> Iterator[str]:
    if not policy.annotations.get("id", _BEGINS).startswith(_BEGINS):
        yield f"begin @id with {_BEGINS}, so that a because shows whose policy it is"
    if policy.effect != "forbid":
        yield "a permit could tell more than was agreed: write forbid, an overlay is only stricter"
        return
    try:
        (rule,) = rules_in([policy], words)
    except Unsupported as why:
        yield str(why.detail)
        return
    if example := question_in(rule.tree, protected):
        below = [level.value for level in Level if level < only_below]
        listed = ", ".join(f'Level::"{level}"' for level in below)
        yield (
            f"it would keep back what is told at {only_below.value} and above, as when {example}:"
            f" write when {{ context.level in [{listed}] && ... }}"
        )


def question_in(tree: Tree, levels: frozenset[str]) -> str:
    """Some question at one of these levels in which the tree holds; empty if there is none."""
    found = next(_ways(tree, {_LEVEL: levels}), None)
    if found is None:
        return ""
    return ", ".join(f"{name} is {min(values)}" for (_, name), values in sorted(found.items()))


def _ways(tree: Tree, narrowed: Narrowed) -> Iterator[Narrowed]:
    """
    Every way in which the tree can hold within what is left for the facts. A tree has no `not`, so
    a way holds exactly if no fact has run out of values.
    """
    if isinstance(tree, OneOf):
        fact = (tree.about, tree.name)
        left = narrowed.get(fact, tree.values) & tree.values
        if left:
            yield {**narrowed, fact: left}
    elif isinstance(tree, Both):
        ways: list[Narrowed] = [narrowed]
        for part in tree.parts:
            tried = (found for way in ways for found in _ways(part, way))
            ways = list({frozenset(found.items()): found for found in tried}.values())
        yield from ways
    else:
        for part in tree.parts:
            yield from _ways(part, narrowed)
