"""
Where each household lives and who leads it (GENERATOR.md 2): addresses, telephones, adults.

Free choices: of those who move seven in ten stay in their district and keep their telephone; four
in ten mothers bear another surname than the household; hostels hold eight households.
"""

from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Flags, Ints
from tests.families.names import FEMALE, Names
from tests.families.places import EXTENSIONS, HOMES_A_POSTCODE, Places, homes_for
from tests.families.population import NONE, WINDOW, YEAR, Households

SHARED_UPRN = 0.01
HOSTEL_HOLDS = 8
GRANDPARENTS_TELEPHONE = 0.03
SECOND_HOME = 0.08
SECOND_ADULT = 0.70
NEARBY = 0.70
MOTHERS_OWN_SURNAME = 0.40


@dataclass(frozen=True, kw_only=True)
class Address:
    postcode: Ints
    uprn: Ints
    telephone: Ints


@dataclass(frozen=True, kw_only=True)
class Furnished:
    now: Address
    moved: Address
    other: Address  # an earlier one, or the second home; the telephone is the other parent's
    two_adults: Flags  # a second adult, here or in a second home
    mother_forename: Ints
    mother_surname: Ints
    mother_birth: Ints


def furnished(
    draws: Draws, names: Names, places: Places, homes: Households, youngest: Ints
) -> Furnished:
    """`youngest`: the day on which the first child of each household was born."""
    count = len(homes)
    now = _first_addresses(draws.of("now"), places, homes)
    adults = draws.of("adults")
    own = adults.happens(MOTHERS_OWN_SURNAME, count)
    second_home = adults.happens(SECOND_HOME, count)
    moved = _elsewhere(draws.of("moved"), places, now, first_uprn=2 * places.homes)
    keeps = draws.of("kept").happens(NEARBY, count)
    return Furnished(
        now=now,
        moved=Address(
            postcode=moved.postcode,
            uprn=moved.uprn,
            telephone=np.where(keeps, now.telephone, moved.telephone),
        ),
        other=_elsewhere(draws.of("other"), places, now, first_uprn=3 * places.homes),
        two_adults=adults.happens(SECOND_ADULT, count) | second_home,
        mother_forename=names.forenames(
            adults, homes.forename_origin, np.full(count, FEMALE, dtype=np.int64)
        ),
        mother_surname=np.where(own, homes.other_surname, homes.surname),
        mother_birth=youngest - 18 * YEAR - adults.below(20 * YEAR, count),
    )


def _first_addresses(draws: Draws, places: Places, homes: Households) -> Address:
    count = len(homes)
    home = homes_for(draws, places, count)
    hostels = homes_for(draws.of("hostels"), places, 1 + int(count * SHARED_UPRN / HOSTEL_HOLDS))
    shared = draws.happens(SHARED_UPRN, count)
    home = np.where(shared, hostels[draws.below(len(hostels), count)], home)
    postcode = home // HOMES_A_POSTCODE
    far = np.flatnonzero(homes.district_of != NONE)
    postcode[far] = places.moved_within(draws, places.district(postcode[homes.district_of[far]]))
    near = np.flatnonzero(homes.near != NONE)
    postcode[near] = postcode[homes.near[near]]
    telephone = draws.order(EXTENSIONS)[:count] if count <= EXTENSIONS else draws.order(count)
    family = draws.happens(GRANDPARENTS_TELEPHONE, count)
    telephone = np.where(family, telephone[draws.below(count, count)], telephone)
    return Address(postcode=postcode, uprn=home, telephone=telephone)


def _elsewhere(draws: Draws, places: Places, now: Address, *, first_uprn: int) -> Address:
    """Another home, mostly in the district of the first."""
    count = len(now.postcode)
    close = places.moved_within(draws, places.district(now.postcode))
    anywhere = draws.below(places.postcodes, count)
    return Address(
        postcode=np.where(draws.happens(NEARBY, count), close, anywhere),
        uprn=first_uprn + np.arange(count, dtype=np.int64),
        telephone=draws.below(EXTENSIONS, count),
    )


def eldest_births(households: int, household: Ints, birth: Ints) -> Ints:
    first = np.full(households, 0, dtype=np.int64)
    np.minimum.at(first, household, np.maximum(birth, -WINDOW))
    return first
