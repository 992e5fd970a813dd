"""Exports of safeguarding products: one row for each pupil in each incident."""

from collections.abc import Sequence

from adapters.contract import Item, Site
from adapters.profile import read_csv


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item a row."""
    return read_csv(native, site)
