"""
Splink's settings: for each level of broker/identity/levels.py the SQL that finds the same pairs as
its function in broker/identity/compare.py. Change both together; parity.py finds where they differ.

Splink 5 (IDENTITY.md 7): a level that training never saw keeps a default which is not in Splink's
JSON, so BY_HAND says what such a level weighs. Frequency tables are not in that JSON either: they
are counted here and registered.

Splink leaves out of a training round every comparison that uses a column which blocks the round. So
`nick` stands in the forename's SQL, where a round on nicknames must not learn forenames; and the
household has the surname under another name, `family`, or the round that learns birth dates would
have nothing but sex to know a namesake by (measured against the truth: a date that differs then
weighs -1.5 bits, where it should -6.5).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from broker.domain.identity import Comparison
from broker.identity.compare import district, half, sound
from broker.identity.levels import (
    ALIKE,
    ALIKE_FROM,
    CLOSE,
    CLOSE_FROM,
    DIFFERS,
    DISTRICT,
    EQUAL,
    EXCHANGED,
    HALF,
    INITIAL,
    LEVELS,
    MISSING,
    NEAR,
    NICKNAME,
    ONE_EDIT,
    SAME,
    SOUND,
)
from broker.identity.names import Names
from broker.identity.weights import Frequencies, Level
from broker.training.records import Record

if TYPE_CHECKING:
    import pyarrow

EM_BLOCKS: Final = (("birth", "nick"), ("surname", "forename"), ("birth", "sound"))
"""Pairs among which a level's m is learned. What blocks a round cannot be learned in it."""

FINDING: Final = (
    "l.birth = r.birth AND l.nick = r.nick",
    "l.birth = r.birth AND l.sound = r.sound",
    "l.birth = r.birth AND l.district = r.district",
    "l.surname = r.surname AND l.forename = r.forename",
    "l.forename = r.surname AND l.surname = r.forename",
    "l.postcode = r.postcode AND l.nick = r.nick",
    "l.postcode = r.postcode AND l.sound = r.sound",
    "l.uprn = r.uprn",
    "l.telephone = r.telephone",
)
"""Pairs worth a look, near to the keys of IDENTITY.md 6."""

CERTAIN: Final = (
    "l.forename = r.forename AND l.surname = r.surname AND l.birth = r.birth",
    "l.forename = r.forename AND l.birth = r.birth AND l.postcode = r.postcode",
    "l.forename = r.forename AND l.birth = r.birth AND l.telephone = r.telephone",
)
CERTAIN_RECALL: Final = 0.8
"""The prior: rules that hardly ever join two children, and the share of true pairs they find."""

_BOTH_LATIN = "{0}_latin_l AND {0}_latin_r"
_SAME_LETTER = "substr({0}_l, 1, 1) = substr({0}_r, 1, 1)"
_LIKE = "jaro_winkler_similarity({0}_l, {0}_r) >= {1}"
_MISSING_NAME = "{1}_l IS NULL OR {1}_r IS NULL OR {0}_latin_l <> {0}_latin_r"
_NAMES_EXCHANGED = "forename_l = surname_r AND surname_l = forename_r"
_EDITS = "damerau_levenshtein(birth_l, birth_r)"
_SAME_YEAR = "substr(birth_l, 1, 4) = substr(birth_r, 1, 4)"
ELSE: Final = "ELSE"

SQL: Mapping[Comparison, Mapping[str, str]] = MappingProxyType(
    {
        Comparison.FORENAME: {
            MISSING: _MISSING_NAME.format("forename", "nick"),
            EQUAL: "forename_l = forename_r",
            EXCHANGED: _NAMES_EXCHANGED,
            NICKNAME: "list_contains(longs_l, forename_r) OR list_contains(longs_r, forename_l)",
            CLOSE: f"{_BOTH_LATIN} AND {_LIKE}".format("forename", CLOSE_FROM),
            ALIKE: f"{_BOTH_LATIN} AND {_LIKE}".format("forename", ALIKE_FROM),
            INITIAL: f"{_BOTH_LATIN} AND {_SAME_LETTER}".format("forename"),
            DIFFERS: ELSE,
        },
        Comparison.SURNAME: {
            MISSING: _MISSING_NAME.format("surname", "surname"),
            EQUAL: "surname_l = surname_r",
            EXCHANGED: _NAMES_EXCHANGED,
            HALF: "half_l = surname_r OR surname_l = half_r",
            CLOSE: f"{_BOTH_LATIN} AND {_LIKE}".format("surname", CLOSE_FROM),
            SOUND: "sound_l = sound_r",
            ALIKE: f"{_BOTH_LATIN} AND {_LIKE}".format("surname", ALIKE_FROM),
            DIFFERS: ELSE,
        },
        Comparison.BIRTH: {
            MISSING: "birth_l IS NULL OR birth_r IS NULL",
            EQUAL: "birth_l = birth_r",
            EXCHANGED: f"{_SAME_YEAR} AND substr(birth_l, 6, 2) = substr(birth_r, 9, 2)"
            " AND substr(birth_l, 9, 2) = substr(birth_r, 6, 2)",
            ONE_EDIT: f"{_EDITS} = 1",
            NEAR: f"{_SAME_YEAR} OR {_EDITS} = 2",
            DIFFERS: ELSE,
        },
        Comparison.SEX: {
            MISSING: "sex_l IS NULL OR sex_r IS NULL",
            EQUAL: "sex_l = sex_r",
            DIFFERS: ELSE,
        },
        Comparison.HOUSEHOLD: {
            MISSING: "(uprn_l IS NULL OR uprn_r IS NULL)"
            " AND (telephone_l IS NULL OR telephone_r IS NULL)"
            " AND (postcode_l IS NULL OR postcode_r IS NULL)"
            " AND (mother_l IS NULL OR mother_r IS NULL)",
            SAME: "uprn_l = uprn_r OR telephone_l = telephone_r"
            " OR (postcode_l = postcode_r AND family_l = family_r)",
            NEAR: "postcode_l = postcode_r OR mother_l = mother_r",
            DISTRICT: "district_l = district_r",
            DIFFERS: ELSE,
        },
    }
)

BY_HAND: Mapping[Comparison, Mapping[str, Level]] = MappingProxyType(
    {
        comparison: {name: Level(m=m, u=u, fixed=True) for name, (m, u) in of_it.items()}
        for comparison, of_it in {
            Comparison.FORENAME: {
                EQUAL: (0.85, 0.00205),
                EXCHANGED: (0.007, 1e-6),
                NICKNAME: (0.05, 0.0033),
                CLOSE: (0.03, 0.00094),
                ALIKE: (0.02, 0.0162),
                INITIAL: (0.008, 0.0686),
                DIFFERS: (0.045, 0.886),
            },
            Comparison.SURNAME: {
                EQUAL: (0.88, 0.00113),
                EXCHANGED: (0.007, 0.007),
                HALF: (0.02, 0.0003),
                CLOSE: (0.03, 0.00036),
                SOUND: (0.003, 0.001),
                ALIKE: (0.01, 0.0031),
                DIFFERS: (0.05, 0.92),
            },
            Comparison.BIRTH: {
                EQUAL: (0.94, 0.00023),
                EXCHANGED: (0.01, 0.00025),
                ONE_EDIT: (0.015, 0.00375),
                NEAR: (0.025, 0.07),
                DIFFERS: (0.25, 0.93),
            },
            Comparison.SEX: {EQUAL: (0.995, 0.5), DIFFERS: (0.0045, 0.5)},
            Comparison.HOUSEHOLD: {
                SAME: (0.78, 1.7e-5),
                NEAR: (0.05, 0.0036),
                DISTRICT: (0.06, 0.12),
                DIFFERS: (0.035, 0.97),
            },
        }.items()
    }
)
"""
What a level weighs that the training data does not show: the bits of IDENTITY.md 7. Names that are
exchanged are always by hand (0.7 of 100 forms, and two strangers hardly ever). Their evidence is
counted once, by the forename, so the surname's level says nothing: m = u.
"""

ALWAYS_BY_HAND: Final = frozenset(
    {(Comparison.FORENAME, EXCHANGED), (Comparison.SURNAME, EXCHANGED)}
)


def comparisons(levels: Mapping[Comparison, Mapping[str, Level]] | None = None) -> list[Any]:
    """Of Splink's settings. `levels`: those of a model, to score; without, to be trained."""
    return [
        {
            "output_column_name": comparison.value,
            "comparison_levels": [
                _missing_level(comparison),
                *(_level(comparison, name, levels) for name in names),
            ],
        }
        for comparison, names in LEVELS.items()
    ]


def _missing_level(comparison: Comparison) -> dict[str, Any]:
    return {
        "sql_condition": SQL[comparison][MISSING],
        "label_for_charts": MISSING,
        "is_null_level": True,
    }


def _level(
    comparison: Comparison, name: str, levels: Mapping[Comparison, Mapping[str, Level]] | None
) -> dict[str, Any]:
    made: dict[str, Any] = {"sql_condition": SQL[comparison][name], "label_for_charts": name}
    if name == EQUAL and comparison in (Comparison.FORENAME, Comparison.SURNAME):
        made["tf_adjustment_column"] = comparison.value
    given = levels[comparison][name] if levels else None
    if given is None and (comparison, name) in ALWAYS_BY_HAND:
        given = BY_HAND[comparison][name]
    if given is not None:
        made |= {"m_probability": given.m, "u_probability": given.u}
        made |= {"fix_m_probability": True, "fix_u_probability": True}
    return made


def level_of(comparison: Comparison, gamma: int) -> str:
    """The level that Splink numbers so: the first is highest, 0 is `differs`, -1 is missing."""
    return MISSING if gamma < 0 else LEVELS[comparison][-1 - gamma]


def frequencies(values: Iterable[str | None], fewest: int) -> Frequencies:
    """Without the names of fewer than `fewest` records: those are one family's."""
    counted = Counter(value for value in values if value)
    counts = {value: count for value, count in sorted(counted.items()) if count >= fewest}
    return Frequencies(total=max(1, counted.total()), counts=counts)


def frequency_table(column: str, of: Frequencies) -> "pyarrow.Table":
    """As Splink wants it: `forename`, `tf_forename`."""
    import pyarrow

    return pyarrow.table(
        {
            column: pyarrow.array(list(of.counts), pyarrow.string()),
            f"tf_{column}": pyarrow.array(
                [count / of.total for count in of.counts.values()], pyarrow.float64()
            ),
        }
    )


def table(records: Sequence[Record], names: Names) -> "pyarrow.Table":
    """One row a record, with what SQL cannot work out: nicknames, sounds, scripts."""
    import pyarrow

    text = pyarrow.string()
    texts = "unique_id forename surname birth sex postcode uprn telephone mother district"
    kinds = dict.fromkeys((*texts.split(), "family", "nick", "sound", "half"), text) | {
        "forename_latin": pyarrow.bool_(),
        "surname_latin": pyarrow.bool_(),
        "longs": pyarrow.list_(text),
    }
    rows = [_row(record, names) for record in records]
    return pyarrow.table(
        {name: pyarrow.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    )


def _row(record: Record, names: Names) -> dict[str, Any]:
    facet = record.facet
    birth = facet.birth if facet.birth and len(facet.birth) == len("2012-04-30") else None
    return {
        "unique_id": record.id,
        "forename": facet.forename,
        "surname": facet.surname,
        "birth": birth,  # a partial date is not comparable
        "sex": facet.sex,
        "postcode": facet.postcode,
        "uprn": facet.uprn,
        "telephone": facet.telephone,
        "mother": facet.mother,
        "district": district(facet.postcode) if facet.postcode else None,
        "family": facet.surname,
        "nick": names.canonical(facet.forename) if facet.forename else None,
        "sound": (sound(facet.surname) or None) if facet.surname else None,
        "half": half(facet.surname) if facet.surname else None,
        "forename_latin": facet.forename.isascii() if facet.forename else None,
        "surname_latin": facet.surname.isascii() if facet.surname else None,
        "longs": sorted(names.long_forms.get(facet.forename or "", ())),
    }
