"""Sites: whose systems an adapter reads, from a profile that an analyst writes."""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from adapters.contract import Site
from broker.domain.ids import OrganisationId
from broker.domain.words import Agency
from broker.errors import Misconfigured

_ENGLAND = "Europe/London"
_FOLDERS = {agency: f"adapters.{agency.value}" for agency in Agency}


def profile_text(name: str) -> tuple[str, str]:
    """(what to call it, its text) of a profile by path, or by the name of one that ships, whichever
    agency's it is. Raises Misconfigured."""
    path = Path(name)
    plain = f"{name.partition('/')[0].removesuffix('.yaml')}.yaml"
    shipped = [files(folder).joinpath("profiles", plain) for folder in _FOLDERS.values()]
    found = path if path.is_file() else next((each for each in shipped if each.is_file()), None)
    if found is None:
        listed = sorted(
            each.name
            for folder in _FOLDERS.values()
            for each in files(folder).joinpath("profiles").iterdir()
        )
        raise Misconfigured("no_profile", f"{name}: no such file, and none of {', '.join(listed)}")
    try:
        return str(name), found.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Misconfigured("profile_not_yaml", f"{name}: not UTF-8") from None


def read_profile(agency: Agency, name: str) -> Mapping[str, Any]:
    """A profile by path, or by the name of one that ships: `school-safeguarding`, with or without
    its version. Raises Misconfigured."""
    path = Path(name)
    if not path.is_file():
        plain = name.partition("/")[0].removesuffix(".yaml")
        shipped = files(_FOLDERS[agency]).joinpath("profiles", f"{plain}.yaml")
        if not shipped.is_file():
            listed = sorted(
                each.name for each in files(_FOLDERS[agency]).joinpath("profiles").iterdir()
            )
            raise Misconfigured(
                "no_profile", f"{name}: no such file, and none of {', '.join(listed)}"
            )
        raw = shipped.read_bytes()
    else:
        raw = path.read_bytes()
    try:
        written = yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Misconfigured("profile_not_yaml", f"{name}: {error}") from None
    if not isinstance(written, dict):
        raise Misconfigured("profile_not_yaml", f"{name}: a profile is a mapping")
    return written


def zone_of(site: Site) -> ZoneInfo:
    """Local time is the profile's: never guessed from what arrives."""
    return ZoneInfo(str(site.profile.get("zone", _ENGLAND)))


def site(agency: Agency, profile: Mapping[str, Any], received: datetime) -> Site:
    """Raises Misconfigured, naming what the profile lacks."""
    if profile.get("agency", agency.value) != agency.value:
        raise Misconfigured("profile_of_another_agency", str(profile["agency"]))
    try:
        made = Site(
            agency=agency,
            organisation=OrganisationId(profile["publisher"]),
            source=profile["source"],
            received=received,
            profile=profile,
        )
    except KeyError as error:
        raise Misconfigured("profile_lacks", str(error)) from None
    try:
        zone_of(made)
    except (KeyError, ValueError, OSError):
        raise Misconfigured("profile_lacks", "zone: no such time zone") from None
    return made
