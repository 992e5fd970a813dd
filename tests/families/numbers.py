"""
NHS numbers of the 999 test range and unique pupil numbers, both with right check characters.

Modulus 11: weights 10 to 2, check = 11 - (sum mod 11), 11 is 0, 10 is not issued. UPN: weights 2 to
13 on characters 2 to 13, sum mod 23 into the letters (Government Data Standards Catalogue).
"""

import numpy as np

from tests.families.draws import Draws, Ints

TEST_RANGE = 999_000_000  # the first nine digits, the last six of them free
REPEATED = 9_999_999_999  # passes modulus 11, and is refused by every careful reader
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
NUMBERED = 0.88
AUTHORITY = 998  # no local authority has this number


def nhs_numbers() -> Ints:
    """All 909,090 that may be given, in rising order."""
    nine = TEST_RANGE + np.arange(1_000_000, dtype=np.int64)
    total = np.zeros(len(nine), dtype=np.int64)
    for place in range(9):
        total += (nine // 10 ** (8 - place)) % 10 * (10 - place)
    check = (11 - total % 11) % 11
    valid = nine * 10 + check
    numbers: Ints = valid[(check != 10) & (valid != REPEATED)]
    return numbers


def check_letters(school: Ints, entered: Ints, serial: Ints) -> Ints:
    """Positions in LETTERS. `entered`: the year, two digits; `serial`: of that school and year."""
    digits = ((AUTHORITY * 10_000 + school) * 100 + entered) * 1_000 + serial
    total = np.zeros(len(digits), dtype=np.int64)
    for place in range(12):
        total += digits // 10 ** (11 - place) % 10 * (place + 2)
    return total % len(LETTERS)


def upn(letter: int, school: int, entered: int, serial: int) -> str:
    return f"{LETTERS[letter]}{AUTHORITY}{school:04}{entered:02}{serial:03}"


def dealt(
    draws: Draws, *, registered: Ints, withheld: Ints, total: int, share: float = NUMBERED
) -> Ints:
    """
    A number, or 0 for none, for each of `total` children. Of a million registered, those that 88 of
    100 have leave fewer for those withheld: they share what remains.
    """
    numbers = nhs_numbers()
    numbers = numbers[draws.order(len(numbers))]
    given = np.zeros(total, dtype=np.int64)
    first = round(share * len(registered))
    holders = registered[draws.order(len(registered))][:first]
    given[holders] = numbers[:first]
    second = min(round(share * len(withheld)), len(numbers) - first)
    holders = withheld[draws.order(len(withheld))][:second]
    given[holders] = numbers[first : first + second]
    return given
