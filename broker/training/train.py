"""
Weights from records without labels: Splink learns how often two records of one child are at each
level (m, expectation maximisation) and how often two of different children (u, random pairs).

The model is made of the trained numbers, and Splink's own scorer is then built back from the model
(`splink_for`), so that what is compared for parity is what is written, not what was in memory.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import uuid4

from broker.domain.identity import Comparison
from broker.errors import Misconfigured
from broker.identity.levels import LEVELS
from broker.identity.names import Names
from broker.identity.weights import NORMALISER, Frequencies, Level, Model
from broker.training.records import Record
from broker.training.settings import (
    ALWAYS_BY_HAND,
    BY_HAND,
    CERTAIN,
    CERTAIN_RECALL,
    EM_BLOCKS,
    FINDING,
    comparisons,
    frequencies,
    frequency_table,
    level_of,
    table,
)

if TYPE_CHECKING:
    from splink import DuckDBAPI, Linker

RANDOM_PAIRS: Final = 5_000_000
FEWEST: Final = 5
_LEAST: Final = 1e-6  # a chance that EM drives below this was not seen, it was starved
REGISTER, NOTIFICATIONS = "a_register", "b_notifications"  # Splink puts tables in order by name
_HOW_TO_INSTALL = "install it with: pip install 'concern-broker[identity]'"


@dataclass(frozen=True, slots=True)
class Splink:
    """Splink's scorer of one model over registered records."""

    linker: "Linker" = field(repr=False)
    backend: "DuckDBAPI" = field(repr=False)
    linked: bool  # two tables, of which only pairs across are compared


@dataclass(frozen=True, slots=True)
class Trained:
    """
    A model, and Splink with the same weights over the same records. `register` and `notifications`:
    what was trained on; without notifications the register was compared with itself.
    """

    model: Model
    splink: Splink
    register: Sequence[Record] = field(repr=False)
    notifications: Sequence[Record] = field(repr=False)

    @property
    def by_hand(self) -> Sequence[tuple[Comparison, str]]:
        """Levels that the data did not show."""
        return [
            (comparison, name)
            for comparison, of_it in self.model.levels.items()
            for name, level in of_it.items()
            if level.fixed and (comparison, name) not in ALWAYS_BY_HAND
        ]


def train(
    register: Sequence[Record],
    notifications: Sequence[Record] = (),
    *,
    names: Names,
    seed: int,
    prior: float | None = None,
    random_pairs: int = RANDOM_PAIRS,
    fewest: int = FEWEST,
) -> Trained:
    """
    `prior`: the chance that two records are of one child, by hand where no two records agree
    exactly. `fewest`: records that a name needs for a frequency of its own. Raises Misconfigured.
    """
    if len(register) < 2:  # noqa: PLR2004
        raise Misconfigured("too_few_records", "training compares records: give at least two")
    everybody = [record.facet for record in (*register, *notifications)]
    model_names = {
        "forename": frequencies((facet.forename for facet in everybody), fewest),
        "surname": frequencies((facet.surname for facet in everybody), fewest),
    }
    splink = _registered(
        register, notifications, names, {"comparisons": comparisons()}, model_names
    )
    chance = _prior(splink, prior)
    _learn(splink, seed, random_pairs)
    model = Model(
        normaliser=NORMALISER,
        levels=_levels(splink.linker.misc.save_model_to_json()),
        forenames=model_names["forename"],
        surnames=model_names["surname"],
        prior=log2(chance / (1 - chance)),
        trained_on=len(register),
    )
    return Trained(
        model, splink_for(model, register, notifications, names), register, notifications
    )


def splink_for(
    model: Model, register: Sequence[Record], notifications: Sequence[Record], names: Names
) -> Splink:
    """Splink, scoring these records by a model's weights."""
    chance = 1 / (1 + 2**-model.prior)
    given = {
        "comparisons": comparisons(model.levels),
        "probability_two_random_records_match": chance,
    }
    tables = {"forename": model.forenames, "surname": model.surnames}
    return _registered(register, notifications, names, given, tables)


class Scored(NamedTuple):
    """What Splink makes of one pair: ids, bits with the prior, levels in the order of LEVELS."""

    left: str
    right: str
    bits: float
    levels: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Scored({self.bits:.1f} bits)"


def scores(splink: Splink, pairs: Iterable[tuple[str, str]]) -> Iterator[Scored]:
    """Splink's score of each pair of ids. Of a register and notifications, the register's first."""
    import pyarrow

    lefts, rights = zip(*pairs, strict=True)
    keys = {
        "join_key_l": pyarrow.array(_key(REGISTER, each, splink) for each in lefts),
        "join_key_r": pyarrow.array(_key(NOTIFICATIONS, each, splink) for each in rights),
        "match_key": pyarrow.array(["0"] * len(lefts)),
    }
    inference, tables = splink.linker.inference, splink.linker.table_management
    asked = splink.backend.register(pyarrow.table(keys), table_name=f"asked_{uuid4().hex}")
    tables.register_blocked_pairs_for_predict(asked)
    scored = inference.predict(warning_mode="never")
    columns = ["unique_id_l", "unique_id_r", "match_weight", *(f"gamma_{each}" for each in LEVELS)]
    for left, right, bits, *gammas in splink.backend.duckdb_con.execute(
        f"SELECT {', '.join(columns)} FROM {scored.physical_name}"  # noqa: S608 our own columns
    ).fetchall():
        levels = zip(LEVELS, gammas, strict=True)
        yield Scored(left, right, bits, tuple(level_of(each, gamma) for each, gamma in levels))


def pairs_found(splink: Splink) -> list[tuple[str, str]]:
    """The ids of every pair that FINDING finds, in order."""
    right = NOTIFICATIONS if splink.linked else REGISTER
    once = "" if splink.linked else "WHERE l.unique_id < r.unique_id"
    rules = " UNION ".join(
        f"SELECT l.unique_id, r.unique_id FROM {REGISTER} l JOIN {right} r ON {rule} {once}"  # noqa: S608 our own
        for rule in FINDING
    )
    return splink.backend.duckdb_con.execute(f"{rules} ORDER BY 1, 2").fetchall()


def _key(table_name: str, of: str, splink: Splink) -> str:
    return f"{table_name}-__-{of}" if splink.linked else of


def _registered(
    register: Sequence[Record],
    notifications: Sequence[Record],
    names: Names,
    settings: Mapping[str, Any],
    known: Mapping[str, Frequencies],
) -> Splink:
    """Splink 5 knows only tables that were registered first, and so its frequency tables."""
    linker_of, backend_of = _splink()
    backend = backend_of()
    inputs = [backend.register(table(register, names), table_name=REGISTER)]
    if notifications:
        inputs.append(backend.register(table(notifications, names), table_name=NOTIFICATIONS))
    linker = linker_of(
        inputs,
        {
            "link_type": "link_only" if notifications else "dedupe_only",
            "blocking_rules_to_generate_predictions": list(FINDING),
            "retain_intermediate_calculation_columns": True,
            "retain_matching_columns": True,  # and with them the levels, gamma_*
            **settings,
        },
        log_level=logging.ERROR,
    )
    for column, of in known.items():
        lookup = backend.register(frequency_table(column, of), table_name=f"tf_{column}")
        linker.table_management.register_term_frequency_lookup(lookup, column)
    return Splink(linker, backend, linked=bool(notifications))


def _splink() -> tuple[type["Linker"], type["DuckDBAPI"]]:
    try:
        from splink import DuckDBAPI, Linker
    except ImportError:
        raise Misconfigured("splink_missing", _HOW_TO_INSTALL) from None
    return Linker, DuckDBAPI


def _prior(splink: Splink, by_hand: float | None) -> float:
    """Without one exact pair the rules find nothing, and Splink fails later with a math error."""
    if by_hand is not None:
        if not 0 < by_hand < 1:
            raise Misconfigured("prior_impossible", "a prior is a chance between 0 and 1")
        return by_hand
    splink.linker.training.estimate_probability_two_random_records_match(
        list(CERTAIN), recall=CERTAIN_RECALL
    )
    chance: float = splink.linker.misc.save_model_to_json()["probability_two_random_records_match"]
    if not 0 < chance < 1:
        raise Misconfigured(
            "no_prior",
            "no two records agree in name and birth date: give the chance by hand, --prior",
        )
    return chance


def _learn(splink: Splink, seed: int, random_pairs: int) -> None:
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException

    training = splink.linker.training
    training.estimate_u_using_random_sampling(
        max_pairs=random_pairs, seed=seed, min_count_per_level=None
    )
    learned = 0
    for block in EM_BLOCKS:
        try:
            training.estimate_parameters_using_expectation_maximisation(block_on(*block))
        except EMTrainingException:  # no pair in this block: the others may do
            continue
        learned += 1
    if not learned:
        raise Misconfigured("nothing_to_learn", "no two records share a name and a birth date")


def _levels(written: Mapping[str, Any]) -> Mapping[Comparison, Mapping[str, Level]]:
    """
    What Splink learned. A level without m or u, or with one that was starved, is weighed by hand:
    Splink would apply a default that it does not write.
    """
    learned = {
        (each["output_column_name"], level["label_for_charts"]): level
        for each in written["comparisons"]
        for level in each["comparison_levels"]
    }
    return {
        comparison: {
            name: _learned(learned[comparison.value, name], BY_HAND[comparison][name])
            for name in names
        }
        for comparison, names in LEVELS.items()
    }


def _learned(level: Mapping[str, Any], by_hand: Level) -> Level:
    m, u = level.get("m_probability"), level.get("u_probability")
    if level.get("fix_m_probability") or m is None or u is None or min(m, u) < _LEAST:
        return by_hand
    return Level(m=m, u=u)
