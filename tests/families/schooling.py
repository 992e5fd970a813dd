"""
Which organisations have met a child: its school, with a unique pupil number from 4 to 18, a health
trust, a council and a police force. Each has an id of its own for it, equal only within itself.

Free choices: 300 pupils a school; siblings go to one school; a trust has met 60 of 100, children's
services 8 and the police 5. The numbers of organisations do not exist.
"""

from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Flags, Ints
from tests.families.numbers import AUTHORITY, check_letters, upn
from tests.families.population import DAY_0, NONE, YEAR, Children, ones

PUPILS = 300
TRUST_HAS_MET, COUNCIL_HAS_MET, POLICE_HAVE_MET = 0.60, 0.08, 0.05
TRUSTS = 7
STARTS = 4 * YEAR
HEALTH, SCHOOLS, POLICE, COUNCIL = range(4)
AGENCIES = ("health", "schools", "police", "childrens_services")


@dataclass(frozen=True, kw_only=True)
class Schooling:
    school: Ints  # or NONE
    entered: Ints  # two digits of a year
    serial: Ints  # within school and year
    letter: Ints  # of its unique pupil number
    trust: Ints
    met: dict[int, Flags]  # by agency

    def organisation(self, agency: int, child: int) -> str:
        if agency == SCHOOLS:
            school = int(self.school[child])
            return "" if school == NONE else f"org:school:{AUTHORITY}{school:04}"
        if agency == HEALTH:
            return f"org:ods:RZ{int(self.trust[child])}"
        return f"org:police:{AUTHORITY}" if agency == POLICE else f"org:la:{AUTHORITY}"

    def upn(self, child: int) -> str:
        school = int(self.school[child])
        if school == NONE:
            return ""
        return upn(
            int(self.letter[child]), school, int(self.entered[child]), int(self.serial[child])
        )

    def local_id(self, agency: int, child: int) -> str:
        """The organisation's own number for this child; another's is made otherwise."""
        return f"{'HSPC'[agency]}{(child * 7919 + 104729 * (agency + 1)) % 10_000_019:08}"


def schooled(draws: Draws, children: Children) -> Schooling:
    count = len(children)
    pupil = ~children.adult & (children.birth <= -STARTS)
    # up to 9,999 schools have a number, and up to 999 children enter one in a year
    schools = min(9000, int(np.count_nonzero(pupil)) // PUPILS + 1)
    school = np.where(pupil, 1 + children.household * 7919 % schools, NONE)
    year = (DAY_0.year + (children.birth + STARTS) // YEAR) % 100
    key = np.where(pupil, school * 100 + year, NONE)
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    start = np.searchsorted(ranked, ranked, side="left")
    serial = ones(count, 0)
    serial[order] = np.arange(count, dtype=np.int64) - start + 1
    return Schooling(
        school=school,
        entered=year,
        serial=serial,
        letter=check_letters(school, year, serial),
        trust=children.household % TRUSTS,
        met={
            HEALTH: draws.happens(TRUST_HAS_MET, count),
            SCHOOLS: pupil,
            POLICE: draws.happens(POLICE_HAVE_MET, count),
            COUNCIL: draws.happens(COUNCIL_HAS_MET, count),
        },
    )
