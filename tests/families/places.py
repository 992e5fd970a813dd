"""
Where the families live: districts that do not exist, so that nothing reaches a real home.

The real districts of Shetland are ZE1 to ZE3. A town uses ZE5 to ZE9; a larger register also ZE50
to ZE99 and ZE5A to ZE9Y, as one district holds 4,000 postcodes and a real one about 700.
Telephones are those Ofcom keeps for drama, with an invented extension: 1,000 are too few.
"""

import numpy as np

from tests.families.draws import Draws, Ints

HOMES_A_POSTCODE = 10  # of which about seven are a household's
POSTCODES_A_DISTRICT = 700
INWARD = "ABDEFGHJLNPQRSTUWXYZ"  # letters of the second half
EXTENSIONS = 1_000_000
_STEP = 1237  # prime to 4,000, so that neighbours by number are not neighbours by spelling

DISTRICTS = (
    *(f"ZE{n}" for n in range(5, 10)),
    *(f"ZE{n}" for n in range(50, 100)),
    *(f"ZE{n}{letter}" for letter in "ABEHMNPRVWXY" for n in range(5, 10)),
)


class Places:
    """Every postcode of a register with this many households, by number."""

    def __init__(self, households: int) -> None:
        # half as many homes again as households: second homes, moves, and empty ones
        self.homes = households * 3 // 2 + HOMES_A_POSTCODE
        self.postcodes = self.homes // HOMES_A_POSTCODE + 1
        self.districts = min(len(DISTRICTS), max(5, -(-self.postcodes // POSTCODES_A_DISTRICT)))

    def district(self, postcode: Ints) -> Ints:
        return postcode % self.districts

    def moved_within(self, draws: Draws, district: Ints) -> Ints:
        """Another postcode of the same district."""
        rows = (self.postcodes - 1 - district) // self.districts + 1
        return district + self.districts * draws.each_below(rows)

    def postcode(self, number: int) -> str:
        row, district = divmod(number, self.districts)
        code = row * _STEP % 4000
        letters = code // 10
        return f"{DISTRICTS[district]} {code % 10}{INWARD[letters // 20]}{INWARD[letters % 20]}"

    def written(self) -> list[str]:
        return [self.postcode(number) for number in range(self.postcodes)]


def uprn(number: int) -> str:
    return f"999{number:09}"


def telephone(number: int) -> str:
    return f"07700900{number % EXTENSIONS:06}"


def homes_for(draws: Draws, places: Places, count: int) -> Ints:
    """A home for each of `count` households, no two the same."""
    return draws.order(places.homes)[:count].astype(np.int64)
