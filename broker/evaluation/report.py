"""The figures as one object, for --json, and as lines for a reader."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from broker.evaluation.figures import Pairs, Tally, bound, uneven
from broker.evaluation.judged import Outcome
from broker.evaluation.scores import Best, Bin

Figures = dict[str, Any]

_KNOWN = (Outcome.RIGHT, Outcome.WRONG, Outcome.PERSON, Outcome.MISSED)
_WORDS = {
    Outcome.RIGHT: "joined without a person, rightly",
    Outcome.WRONG: "joined without a person, wrongly",
    Outcome.PERSON: "right subject shown to a person",
    Outcome.MISSED: "missed: no join, and not shown",
}


def of_tally(found: Tally) -> Figures:
    """Shares of outcomes are of the rows whose child the register held; `reviewed` of all."""
    people = found.outcomes[Outcome.PERSON]
    return {
        "rows": found.rows,
        "known": found.known,
        **found.outcomes,
        "share": {outcome.value: _round(found.share(outcome)) for outcome in _KNOWN},
        "right_first": found.first,
        "right_first_share": _round(found.first / people) if people else None,
        "reviewed": found.reviewed,
        "reviewed_share": _round(found.reviewed / found.rows) if found.rows else 0.0,
        "distinct_subjects_joined": found.distinct,
        "wrong_at_most": found.wrong_at_most,
    }


def of_groups(groups: Iterable[tuple[str, Tally]], whole: Tally) -> list[Figures]:
    return [
        {
            "group": name,
            "rows": each.rows,
            "known": each.known,
            "reviewed": each.reviewed,
            "missed": each.outcomes[Outcome.MISSED],
            "wrong": each.outcomes[Outcome.WRONG],
            "reviewed_share": _round(each.reviewed / each.rows) if each.rows else 0.0,
            "missed_share": _round(each.share(Outcome.MISSED)),
            "worse_than_the_whole": list(uneven(each, whole)),
        }
        for name, each in groups
    ]


def of_pairs(found: Pairs, entities: int) -> Figures:
    """`entities`: distinct subjects under whom pairs were joined."""
    wrong = found.joined - found.right
    return {
        "true": found.truth,
        "joined": found.joined,
        "right": found.right,
        "precision": _round(found.precision),
        "recall": _round(found.recall),
        "f1": _round(found.f1),
        "false_match_rate": wrong / found.joined if found.joined else 0.0,
        "false_match_rate_at_most": bound(wrong, entities),
    }


def of_best(found: Best) -> Figures:
    return {
        "f1": _round(found.f1),
        "threshold_bits": _round(found.threshold),
        "precision": _round(found.precision),
        "recall": _round(found.recall),
    }


def of_bins(bins: Sequence[Bin]) -> list[Figures]:
    return [
        {
            "from": each.low,
            "to": each.high,
            "pairs": each.pairs,
            "predicted": _round(each.predicted, 6),
            "observed": _round(each.observed, 6),
        }
        for each in bins
    ]


def lines_of(figures: Mapping[str, Any]) -> Iterator[str]:
    """What a reader wants to know, in the order in which they ask."""
    yield from _about_the_file(figures)
    yield ""
    yield from _working_point(figures["working_point"])
    if pairs := figures.get("pairs"):
        yield ""
        yield from _of_pairs(pairs, figures["best_f1"])
        yield ""
        yield from _of_calibration(figures["calibration"])
    yield ""
    yield from _of_groups(figures["groups"])
    if beside := figures.get("splink"):
        yield ""
        yield from _of_splink(beside)


def _about_the_file(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"{figures['rows']} rows about {figures['subjects']} subjects: {figures['file']}"
    read = figures["columns"]
    yield "read: " + ", ".join(f"{ours} = {theirs}" for ours, theirs in read.items())
    for word, key in (("withheld", "withheld"), ("not used", "not_used")):
        if figures[key]:
            yield f"{word}: " + ", ".join(figures[key])
    yield (
        f"order seed {figures['order_seed']}, population {figures['population']},"
        f" model {figures['model'][:12]}"
    )


def _working_point(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"At the working point, of {found['known']} rows about a child who was held already:"
    for outcome, words in _WORDS.items():
        yield f"  {words:<34} {found[outcome]:>8}  {_percent(found['share'][outcome])}"
    if found["right_first_share"] is not None:
        first = _percent(found["right_first_share"])
        yield f"  {'  of these the right one first':<34} {found['right_first']:>8}  {first}"
    yield (
        f"{found[Outcome.NEW]} were rightly new, {found[Outcome.NEEDLESS]} new and yet before a"
        f" person; before a person in all: {found['reviewed']},"
        f" {_percent(found['reviewed_share']).strip()} of all rows"
    )
    yield (
        f"joined wrongly: at most 1 in {1 / found['wrong_at_most']:,.0f} subjects (95 %),"
        f" from {found['distinct_subjects_joined']} distinct ones"
    )


def _of_pairs(pairs: Mapping[str, Any], best: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"pairs: {pairs['true']} true, {pairs['joined']} joined, {pairs['right']} rightly;"
        f" precision {pairs['precision']:.4f}, recall {pairs['recall']:.4f}, F1 {pairs['f1']:.4f}"
    )
    yield (
        f"false matches: {pairs['false_match_rate']:.2g} of the pairs joined,"
        f" at most {pairs['false_match_rate_at_most']:.2g} (95 %)"
    )
    yield (
        f"best F1 of the weight alone {best['f1']:.4f} at {best['threshold_bits']:.1f} bits"
        f" (precision {best['precision']:.4f}, recall {best['recall']:.4f}): no working point"
    )


def _of_calibration(bins: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "predicted chance       pairs   predicted   one child"
    for each in bins:
        span = f"{each['from']:g} to {each['to']:g}"
        yield (
            f"{span:<18} {each['pairs']:>9}   {each['predicted']:>9.4f}   {each['observed']:>9.4f}"
        )


def _of_groups(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "group                             rows  reviewed          missed            wrong"
    for each in groups:
        worse = each["worse_than_the_whole"]
        note = f"   more {' and '.join(worse)} than the whole" if worse else ""
        yield (
            f"{each['group']:<30} {each['rows']:>7}"
            f"  {each['reviewed']:>6} {_percent(each['reviewed_share'])}"
            f"  {each['missed']:>6} {_percent(each['missed_share'])}  {each['wrong']:>6}{note}"
        )


def _of_splink(found: Mapping[str, Any]) -> Iterator[str]:
    parity, times = found["parity"], found["time"]
    yield f"Splink {found['version']}, trained on this file:"
    yield f"  best F1 over {found['pairs']} pairs: Splink {found['splink_best_f1']['f1']:.4f}"
    yield (
        f"  ours with the same weights {found['same_weights_best_f1']['f1']:.4f}"
        f" ({found['same_weights_difference']:+.4f}),"
        f" with those that ship {found['ours_best_f1']['f1']:.4f} ({found['difference']:+.4f})"
    )
    yield (
        f"  {parity['pairs']} pairs weigh within {parity['most_bits']:.1g} bits of each other;"
        f" at another level: {parity['differing']}"
    )
    yield (
        f"  one record against the register: Splink {times['splink_ms']:.2f} ms,"
        f" ours {times['ours_ms']:.3f} ms, so {times['ratio']:,.0f} times"
    )


def _percent(share: float) -> str:
    return f"{100 * share:6.2f} %"


def _round(value: float, digits: int = 4) -> float:
    return round(value, digits)
