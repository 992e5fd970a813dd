"""
A model: how many bits each level of each comparison speaks for one child, or against (Fellegi and
Sunter 1969, doi 10.1080/01621459.1969.10501049): log2(m / u), summed with the prior.

Trained offline (`broker identity train`) and read here as strict JSON. A verdict names the `hash`
of the model that weighed it, so it can be weighed again.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from broker.domain.identity import Comparison, Line
from broker.domain.notification import Json
from broker.errors import Malformed, Misconfigured
from broker.identity.levels import EQUAL, IDENTIFIER_BITS, LEVELS, MISSING
from broker.strictjson import read

FORMAT = "concern-broker identity model 1"
NORMALISER = "1"
"""Raise it when a name, date or place normalises otherwise than before: weights then differ too."""

MOST_BYTES = 8 * 1024 * 1024
_WHAT_TO_DO = "train one with `broker identity train`, or use the one that ships"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """
    m: how often two records of one child are at this level; u: two of different children. `fixed`:
    given by hand, because the training data never showed it.
    """

    m: float
    u: float
    fixed: bool = False

    @property
    def bits(self) -> float:
        return math.log2(self.m / self.u)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """
    How often each value occurs among `total`. Rare ones are left out: they are one family's, and
    a value that is not here is not adjusted.
    """

    total: int
    counts: Mapping[str, int] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """In bits. `join`: T. `person`: T_low at training size. `margin`: above the next candidate."""

    join: float = 15.0
    person: float = 6.0
    margin: float = 8.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """Everything that a weight depends on. `trained_on`: subjects among whom one was sought."""

    normaliser: str
    levels: Mapping[Comparison, Mapping[str, Level]]
    forenames: Frequencies
    surnames: Frequencies
    prior: float  # bits, log2(p / (1 - p)), at `trained_on` subjects
    trained_on: int
    thresholds: Thresholds = Thresholds()

    def __post_init__(self) -> None:
        for comparison, names in LEVELS.items():
            given = set(self.levels.get(comparison, ()))
            if given != set(names):
                odd = ", ".join(sorted(given ^ set(names)))
                raise _refused(f"the levels of {comparison} do not fit: {odd}")
        for comparison, of_it in self.levels.items():
            for name, level in of_it.items():
                if not (0 < level.m <= 1 and 0 < level.u <= 1):
                    raise _refused(f"{comparison} {name}: m and u must lie above 0, at most 1")
        if not (math.isfinite(self.prior) and self.trained_on > 0):
            raise _refused("a model needs a prior and the number of subjects it was trained on")

    def prior_at(self, live_subjects: int) -> float:
        """The same chance of being known, spread over as many subjects as the register has now."""
        return self.prior + math.log2(self.trained_on / max(1, live_subjects))

    def person_at(self, live_subjects: int) -> float:
        """T_low: moves by the same bits as the prior. T stays."""
        return self.thresholds.person + self.prior_at(live_subjects) - self.prior

    @cached_property
    def hash(self) -> str:
        return sha256(text_from(self).encode("utf-8")).hexdigest()

    @cached_property
    def lines(self) -> "Lines":
        """Each level's line, made once, since a million pairs share them."""
        made = {
            comparison: {name: Line(comparison, name, level.bits) for name, level in of_it.items()}
            | {MISSING: Line(comparison, MISSING, 0.0)}
            for comparison, of_it in self.levels.items()
        }
        return Lines(
            forename=made[Comparison.FORENAME],
            surname=made[Comparison.SURNAME],
            birth=made[Comparison.BIRTH],
            sex=made[Comparison.SEX],
            household=made[Comparison.HOUSEHOLD],
            identifier={
                level: Line(Comparison.IDENTIFIER, level, bits)
                for level, bits in IDENTIFIER_BITS.items()
            },
            equal_forenames=self._adjusted(Comparison.FORENAME, self.forenames),
            equal_surnames=self._adjusted(Comparison.SURNAME, self.surnames),
        )

    def _adjusted(self, comparison: Comparison, of: Frequencies) -> Mapping[str, Line]:
        """Smith and Smith say less than Huddlestone twice: + log2(u / the name's frequency)."""
        equal = self.levels[comparison][EQUAL]
        return {
            value: Line(
                comparison, EQUAL, equal.bits + math.log2(equal.u) - math.log2(count / of.total)
            )
            for value, count in of.counts.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The line of each level; of an equal name that has a frequency, the line of that name."""

    forename: Mapping[str, Line]
    surname: Mapping[str, Line]
    birth: Mapping[str, Line]
    sex: Mapping[str, Line]
    household: Mapping[str, Line]
    identifier: Mapping[str, Line]
    equal_forenames: Mapping[str, Line] = field(repr=False)
    equal_surnames: Mapping[str, Line] = field(repr=False)

    def of_forename(self, level: str, forename: str | None) -> Line:
        plain = self.forename[level]
        return self.equal_forenames.get(forename or "", plain) if level == EQUAL else plain

    def of_surname(self, level: str, surname: str | None) -> Line:
        plain = self.surname[level]
        return self.equal_surnames.get(surname or "", plain) if level == EQUAL else plain


def bits_of(lines: Iterable[Line], model: Model, live: int) -> float:
    """The evidence in sum, with the prior of a register of `live` subjects."""
    return sum(line.bits for line in lines) + model.prior_at(live)


def text_from(model: Model) -> str:
    """The model as JSON: one text for one model, so that its hash is one too."""
    written = {
        "format": FORMAT,
        "normaliser": model.normaliser,
        "prior": model.prior,
        "trained_on": model.trained_on,
        "thresholds": {
            "join": model.thresholds.join,
            "person": model.thresholds.person,
            "margin": model.thresholds.margin,
        },
        "levels": {
            comparison.value: {
                name: {"m": level.m, "u": level.u, "fixed": level.fixed}
                for name, level in of_it.items()
            }
            for comparison, of_it in model.levels.items()
        },
        "forenames": {"total": model.forenames.total, "counts": dict(model.forenames.counts)},
        "surnames": {"total": model.surnames.total, "counts": dict(model.surnames.counts)},
    }
    return json.dumps(written, ensure_ascii=False, sort_keys=True, indent=0, allow_nan=False) + "\n"


def model_from(text: str) -> Model:
    """Raises Misconfigured, saying what does not fit: a weight is never guessed."""
    try:
        whole = _object(read(text, most_bytes=MOST_BYTES), "the model")
    except Malformed as why:
        raise _refused(f"not JSON as it should be ({why.reason})") from None
    if whole.get("format") != FORMAT:
        raise _refused(f"it does not say `format`: {FORMAT}")
    normaliser = _text(whole.get("normaliser"), "normaliser")
    if normaliser != NORMALISER:
        raise _refused(f"it was trained on names as normaliser {normaliser} wrote them")
    thresholds = _object(whole.get("thresholds"), "thresholds")
    levels = _object(whole.get("levels"), "levels")
    unknown = set(levels) - {comparison.value for comparison in LEVELS}
    if unknown:
        raise _refused(f"unknown comparison: {', '.join(sorted(unknown))}")
    return Model(
        normaliser=normaliser,
        levels={
            comparison: {
                name: _level(given, f"{comparison} {name}")
                for name, given in _object(levels.get(comparison.value), str(comparison)).items()
            }
            for comparison in LEVELS
        },
        forenames=_frequencies(whole.get("forenames"), "forenames"),
        surnames=_frequencies(whole.get("surnames"), "surnames"),
        prior=_number(whole.get("prior"), "prior"),
        trained_on=_count(whole.get("trained_on"), "trained_on"),
        thresholds=Thresholds(
            join=_number(thresholds.get("join"), "thresholds join"),
            person=_number(thresholds.get("person"), "thresholds person"),
            margin=_number(thresholds.get("margin"), "thresholds margin"),
        ),
    )


def _level(given: Json, where: str) -> Level:
    level = _object(given, where)
    fixed = level.get("fixed")
    if not isinstance(fixed, bool):
        raise _refused(f"{where}: `fixed` is true or false")
    return Level(
        m=_number(level.get("m"), f"{where} m"),
        u=_number(level.get("u"), f"{where} u"),
        fixed=fixed,
    )


def _frequencies(given: Json, where: str) -> Frequencies:
    table = _object(given, where)
    total = _count(table.get("total"), f"{where} total")
    counts = {
        name: _count(count, f"a count of {where}")  # which name is not said: it may be somebody's
        for name, count in _object(table.get("counts"), f"{where} counts").items()
    }
    if any(count > total for count in counts.values()):
        raise _refused(f"{where}: a count is above the total")
    return Frequencies(total=total, counts=counts)


def _object(given: Json, where: str) -> Mapping[str, Json]:
    if not isinstance(given, dict):
        raise _refused(f"{where} is missing or no object")
    return given


def _text(given: Json, where: str) -> str:
    if not isinstance(given, str) or not given:
        raise _refused(f"{where} is missing or no text")
    return given


def _number(given: Json, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _refused(f"{where} is missing or no number")
    return float(given)


def _count(given: Json, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise _refused(f"{where} is missing or no whole number above 0")
    return given


def _refused(why: str) -> Misconfigured:
    return Misconfigured("model_refused", f"{why}; {_WHAT_TO_DO}")
