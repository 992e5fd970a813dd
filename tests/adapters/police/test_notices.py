"""Notices as CSV: what the profile of a force proposes."""

import csv
import io

import pytest

from adapters.contract import Event
from adapters.formats import ADAPTERS
from adapters.sites import read_profile, site
from broker.domain.words import Agency
from tests.adapters import held
from tests.adapters.schools.test_sheets import sheet_of
from tests.adapters.test_samples import ROOT

PPN = (ROOT / "police/samples/ppn.csv").read_bytes().decode("utf-8-sig")


@pytest.mark.parametrize(
    ("changes", "proposed"),
    [
        ({}, True),
        ({"Child Present": "No"}, True),  # lives there: the addresses are the same
        ({"Child Present": "", "Child Address": "FLAT 3 60 culver street"}, True),
        ({"Child Present": "No", "Child Address": "1 Elsewhere"}, False),
        ({"Child Present": "", "Child Address": "", "Incident Location": ""}, False),
        ({"Incident Type": "Assault"}, False),
    ],
)
def test_encompass_is_proposed_for_a_child_who_lives_there_or_was_there(
    changes: dict[str, str],
    proposed: bool,  # noqa: FBT001 - what is expected
) -> None:
    rows = list(csv.DictReader(io.StringIO(PPN, newline="")))
    made = sheet_of({**rows[0], **changes}, columns=list(rows[0]))
    where = site(Agency.POLICE, read_profile(Agency.POLICE, "police-ppn"), held.RECEIVED)
    (event,) = ADAPTERS[Agency.POLICE]["csv-profile"].read(made, where)
    assert isinstance(event, Event)
    assert (event.routing.get("gateway") == "operation_encompass") is proposed
