"""
What any adapter must pass, whatever its format. A new one is tried by these as soon as it stands in
`adapters/formats.py`.
"""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Disclosed, Event, Nothing, Quarantined, Site
from adapters.events import cloud_event
from adapters.formats import ADAPTERS, Format
from adapters.sites import read_profile, site
from broker.domain.words import Agency
from broker.errors import Malformed
from tests.adapters.disclosures import WORDS, disclosed
from tests.adapters.held import KEY, RECEIVED

FORMATS = [(agency, name) for agency, formats in ADAPTERS.items() for name in formats]
WRITTEN = [
    (agency, name)
    for agency, formats in ADAPTERS.items()
    for name, form in formats.items()
    if form.write is not None
]


def here(agency: Agency, name: str) -> tuple[Format, Site]:
    form = ADAPTERS[agency][name]
    return form, site(agency, read_profile(agency, form.profile), RECEIVED)


def accounted_for(agency: Agency, name: str, native: bytes) -> None:
    form, where = here(agency, name)
    items = form.read(native, where)
    assert items, "a message that vanished"
    for item in items:
        assert isinstance(item, Event | Nothing | Quarantined)
        if isinstance(item, Event):
            cloud_event(item, where, event_key=KEY)


@pytest.mark.parametrize(("agency", "name"), FORMATS)
def test_every_format_is_named_as_the_schema_names_it(agency: Agency, name: str) -> None:
    form, where = here(agency, name)
    assert where.source.startswith(f"/{agency.value}/")
    assert bool(form.write) == bool(form.told) == bool(form.suffix)


@pytest.mark.parametrize(("agency", "name"), FORMATS)
@given(native=st.binary(max_size=300))
def test_any_bytes_are_accounted_for(agency: Agency, name: str, native: bytes) -> None:
    accounted_for(agency, name, native)


def _hostile() -> Iterator[tuple[str, bytes]]:
    yield "nothing at all", b""
    yield "a byte order mark alone", b"\xef\xbb\xbf"
    yield "UTF-16 without a message", "\ufeffabc".encode("utf-16")
    yield "zeroes", bytes(1000)
    yield "a doctype", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    yield "deep XML", b"<a>" * 5000 + b"</a>" * 5000
    yield "deep JSON", b"[" * 100_000
    yield "commas", b"," * 400_000
    yield "quotes", b'"' * 400_001
    yield "line ends", b"\r\n" * 200_000
    yield "delimiters of HL7", b"MSH|^~\\&|" + b"|^~&" * 100_000
    yield "a zip that is none", b"PK\x03\x04" + b"\x00" * 100


@pytest.mark.parametrize(("agency", "name"), FORMATS)
@pytest.mark.parametrize(("what", "native"), list(_hostile()), ids=lambda each: str(each)[:20])
def test_what_no_system_should_send_raises_nothing(
    agency: Agency, name: str, what: str, native: bytes
) -> None:
    form, where = here(agency, name)
    items = form.read(native, where)
    assert items, what
    assert not any(isinstance(item, Event) for item in items), what
    assert "root:" not in repr(items)


@pytest.mark.parametrize(("agency", "name"), WRITTEN)
@given(given_to=disclosed())
def test_what_goes_out_is_read_back_with_nothing_changed(
    agency: Agency, name: str, given_to: Disclosed
) -> None:
    form, where = here(agency, name)
    assert form.write is not None
    assert form.told is not None
    assert form.told(form.write(given_to, where)) == given_to


@pytest.mark.parametrize(("agency", "name"), WRITTEN)
@given(given_to=disclosed())
def test_what_goes_out_and_comes_in_again_is_an_echo(
    agency: Agency, name: str, given_to: Disclosed
) -> None:
    form, where = here(agency, name)
    assert form.write is not None
    items = form.read(form.write(given_to, where), where)
    assert {getattr(item, "reason", "event") for item in items} == {"echo"}


@pytest.mark.parametrize(("agency", "name"), WRITTEN)
@given(native=st.binary(max_size=200) | WORDS.map(str.encode))
def test_what_was_not_written_here_is_refused(agency: Agency, name: str, native: bytes) -> None:
    told = here(agency, name)[0].told
    assert told is not None
    with pytest.raises(Malformed):
        told(native)
