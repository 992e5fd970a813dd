"""
The levels of each comparison, first that holds (IDENTITY.md 7). One list for three readers: the
functions of compare.py, the model of weights.py and the SQL that it is trained from
(broker/training/settings.py), so that none can know a level which another does not.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from broker.domain.identity import Comparison

MISSING: Final = "missing"  # nothing to compare: speaks for nothing, has no weight
DIFFERS: Final = "differs"  # comparable, and no level before it holds

EQUAL: Final = "equal"
EXCHANGED: Final = "exchanged"  # forename and surname; day and month
NICKNAME: Final = "nickname"
HALF: Final = "half"  # the first half of a double-barrelled surname
CLOSE: Final = "close"  # Jaro-Winkler >= 0.9
SOUND: Final = "sound"
ALIKE: Final = "alike"  # Jaro-Winkler >= 0.78
INITIAL: Final = "initial"
ONE_EDIT: Final = "one_edit"
NEAR: Final = "near"
SAME: Final = "same"
DISTRICT: Final = "district"
NONE: Final = "none"  # no identifier on both sides that could agree

CLOSE_FROM: Final = 0.9
ALIKE_FROM: Final = 0.78

LEVELS: Mapping[Comparison, tuple[str, ...]] = MappingProxyType(
    {
        Comparison.FORENAME: (EQUAL, EXCHANGED, NICKNAME, CLOSE, ALIKE, INITIAL, DIFFERS),
        Comparison.SURNAME: (EQUAL, EXCHANGED, HALF, CLOSE, SOUND, ALIKE, DIFFERS),
        Comparison.BIRTH: (EQUAL, EXCHANGED, ONE_EDIT, NEAR, DIFFERS),
        Comparison.SEX: (EQUAL, DIFFERS),
        Comparison.HOUSEHOLD: (SAME, NEAR, DISTRICT, DIFFERS),
    }
)
"""What a model weighs. The identifier is not in it: its bits are fixed."""

IDENTIFIER_BITS: Mapping[str, float] = MappingProxyType({EQUAL: 20.0, DIFFERS: -12.0, NONE: 0.0})
"""Outside the model, because identifiers are withheld while it is trained (IDENTITY.md 7)."""
