"""Splink on the same rows in the same run: its F1 and ours, parity of weights, time a record."""

import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from broker.domain.identity import Appearance
from broker.errors import Misconfigured
from broker.evaluation.judged import Sample
from broker.evaluation.register import Register
from broker.evaluation.report import Figures, of_best
from broker.evaluation.scores import Scored, best_f1, same, scored
from broker.identity.compare import Facet, weigh_pair
from broker.identity.names import Names

if TYPE_CHECKING:
    from broker.training import Record, Trained

TIMED_SPLINK, TIMED_OURS = 12, 300

_Each = TypeVar("_Each")


def beside_splink(
    samples: Sequence[Sample],
    pairs: Sequence[tuple[int, int]],
    truth: int,
    register: Register,
    *,
    seed: int,
) -> Figures:
    """`truth`: all true pairs. `register`: after every row has been learned from."""
    from broker.training import Record, pairs_found, parity, scores

    names = register.matching.names
    records = [Record(str(row), facet_of(each.asked)) for row, each in enumerate(samples)]
    trained = _trained(records, names, seed)
    blocked = {(int(one), int(other)) for one, other in pairs_found(trained.splink)}
    both = sorted({*pairs, *((min(pair), max(pair)) for pair in blocked)})
    if not both:
        raise Misconfigured("nothing_to_compare", "no two rows are alike in anything")
    asked = scores(trained.splink, [(str(one), str(other)) for one, other in both])
    theirs = _theirs(samples, ((each.left, each.right, each.bits) for each in asked))
    model = trained.model
    alike = [
        Scored(
            (one, other),
            sum(
                line.bits
                for line in weigh_pair(records[one].facet, records[other].facet, model, names)
            )
            + model.prior,
            same(samples, one, other),
        )
        for one, other in both
    ]
    splink, same_weights = best_f1(theirs, truth), best_f1(alike, truth)
    ours = best_f1(scored(samples, both, register), truth)
    agreed = parity(trained, names, seed=seed)
    return {
        "version": version("splink"),
        "pairs": len(both),
        "splink_best_f1": of_best(splink),
        "same_weights_best_f1": of_best(same_weights),
        "same_weights_difference": same_weights.f1 - splink.f1,
        "ours_best_f1": of_best(ours),
        "difference": ours.f1 - splink.f1,
        "parity": {
            "pairs": agreed.pairs,
            "most_bits": agreed.most_bits,
            "differing": sum(agreed.differing.values()),
        },
        "time": _times(samples, records, trained, register),
    }


def facet_of(asked: Appearance) -> Facet:
    """The first of everything: a row of Splink has one value a column."""
    name = asked.names[0] if asked.names else None
    return Facet(
        forename=name.forename if name else None,
        surname=name.surname if name else None,
        birth=asked.birth,
        sex=asked.sex,
        postcode=next((each.postcode for each in asked.places if each.postcode), None),
        uprn=next((each.uprn for each in asked.places if each.uprn), None),
        telephone=next(iter(asked.telephones), None),
        mother=next((each.forename for each in asked.carers if each.relation == "mother"), None),
    )


def _trained(records: "Sequence[Record]", names: Names, seed: int) -> "Trained":
    """Where no two rows agree exactly a prior is given by hand: one other row in so many."""
    from broker.training import train

    try:
        return train(records, names=names, seed=seed)
    except Misconfigured as why:
        if "no_prior" not in str(why):
            raise
    return train(records, names=names, seed=seed, prior=1 / len(records))


def _theirs(samples: Sequence[Sample], rows: Iterable[tuple[str, str, float]]) -> list[Scored]:
    """`rows`: two ids, the numbers of their rows, and Splink's bits."""
    found = []
    for left, right, bits in rows:
        one, other = sorted((int(left), int(right)))
        found.append(Scored((one, other), bits, same(samples, one, other)))
    return found


def _times(
    samples: Sequence[Sample], records: "Sequence[Record]", trained: "Trained", register: Register
) -> Figures:
    """The median of asking for one record, by each alone; ours with its keys and its verdict."""
    from broker.training import single_records

    single = single_records(trained, register.matching.names)
    single.matches(records[0])  # compiles its SQL, outside the clock
    theirs = _median_ms(single.matches, _some(records, TIMED_SPLINK))
    ours = _median_ms(register.judge, [each.asked for each in _some(samples, TIMED_OURS)])
    return {"splink_ms": theirs, "ours_ms": ours, "ratio": theirs / ours}


def _some(every: Sequence[_Each], most: int) -> Sequence[_Each]:
    return every[:: max(1, len(every) // most)][:most]


def _median_ms(ask: Callable[[_Each], object], about: Iterable[_Each]) -> float:
    times = []
    for each in about:
        began = time.perf_counter_ns()
        ask(each)
        times.append(time.perf_counter_ns() - began)
    return median(times) / 1e6
