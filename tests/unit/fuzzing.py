"""Random policies from the fragment that is compiled, and a small schema to write them in."""

from collections.abc import Sequence
from random import Random

from broker.policy.vocabulary import Vocabulary

SMALL = """
entity Role enum ["nurse", "teacher", "officer"];
entity Agency enum ["health", "schools"];
entity Category enum ["name", "words", "place"];
entity Level enum ["low", "middle", "high"];
entity Recipient in [Role, Agency];
type Question = { level: Level, publisher: Agency, sealed: Bool, own: Bool };
action tell_existence, tell_summary, tell_full
  appliesTo { principal: Recipient, resource: Category, context: Question };
"""
FOLDED_IN_SMALL = ("level", "publisher")


def policies(
    random: Random, words: Vocabulary, number: int, *, name: str = "gateway-", depth: int = 3
) -> str:
    """So many policies with ids of their own; conditions nested no deeper than this."""
    return "\n".join(_policy(random, words, f"{name}{each}", depth) for each in range(number))


def _policy(random: Random, words: Vocabulary, name: str, depth: int) -> str:
    effect = random.choice(["permit", "permit", "forbid"])
    clauses = [
        f"{random.choice(['when', 'unless'])} {{ {_condition(random, words, depth)} }}"
        for _ in range(random.choice([0, 1, 1, 1, 2]))
    ]
    scope = ", ".join((_principal(random, words), _action(random, words), _resource(random, words)))
    return f'@id("{name}") {effect} ({scope}) {" ".join(clauses)};'


def _principal(random: Random, words: Vocabulary) -> str:
    group = random.choice(list(words.groups))
    listed = f'principal in {group}::"{random.choice(words.groups[group])}"'
    return random.choice(["principal", listed, listed])


def _action(random: Random, words: Vocabulary) -> str:
    chosen = _some(random, words.actions)
    listed = ", ".join(f'Action::"{each}"' for each in chosen)
    return random.choice(["action", f'action == Action::"{chosen[0]}"', f"action in [{listed}]"])


def _resource(random: Random, words: Vocabulary) -> str:
    named = f'{words.resource}::"{random.choice(words.categories)}"'
    return random.choice(["resource", "resource", f"resource == {named}", f"resource in {named}"])


def _condition(random: Random, words: Vocabulary, depth: int) -> str:
    if depth == 0 or random.random() < 0.25:
        return _test(random, words)
    inner = [_condition(random, words, depth - 1) for _ in range(random.choice([2, 2, 3]))]
    match random.choice(["and", "or", "not"]):
        case "and":
            return f"({' && '.join(inner)})"
        case "or":
            return f"({' || '.join(inner)})"
        case _:
            return f"!({inner[0]})"


def _test(random: Random, words: Vocabulary) -> str:
    about = random.choice([*words.facts, "principal", "resource"])
    if about == "principal":
        group = random.choice(list(words.groups))
        return f"principal in {_listed(random, group, words.groups[group])}"
    if about == "resource":
        return _compared(random, "resource", words.resource, words.categories)
    if words.kinds[about] == "Bool":
        return random.choice([f"context.{about}", f"!context.{about}"])
    return _compared(random, f"context.{about}", words.kinds[about], words.facts[about])


def _compared(random: Random, left: str, kind: str, values: Sequence[str]) -> str:
    value = f'{kind}::"{random.choice(values)}"'
    return random.choice(
        [f"{left} == {value}", f"{left} != {value}", f"{left} in {_listed(random, kind, values)}"]
    )


def _listed(random: Random, kind: str, values: Sequence[str]) -> str:
    some = [f'{kind}::"{each}"' for each in _some(random, values)]
    return random.choice([some[0], f"[{', '.join(some)}]"])


def _some(random: Random, values: Sequence[str]) -> list[str]:
    return random.sample(values, random.randint(1, len(values)))
