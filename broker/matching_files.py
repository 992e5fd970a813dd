"""The working point that ships with the broker, or another that a file holds: weights and names."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from broker.identity.matching import Matching
from broker.identity.names import Names, names_from
from broker.identity.weights import model_from


def read_matching(
    model: Path | None,
    *,
    population: int,
    hash64: Callable[[bytes], int],
    switchboards: frozenset[str] = frozenset(),
    test_numbers: bool = True,
) -> Matching:
    """`model`: a file that `broker identity train` wrote. Raises Misconfigured if unusable."""
    shipped = files("broker.identity.model").joinpath("weights.json")
    return Matching(
        model=model_from((shipped if model is None else model).read_text(encoding="utf-8")),
        names=shipped_names(),
        population=population,
        hash64=hash64,
        switchboards=switchboards,
        test_numbers=test_numbers,
    )


def shipped_names() -> Names:
    """The tables of forenames and nicknames."""
    tables = files("broker.identity.tables")
    return names_from(
        tables.joinpath("forenames.csv").read_text(encoding="utf-8"),
        tables.joinpath("nicknames.csv").read_text(encoding="utf-8"),
    )
