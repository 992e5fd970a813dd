"""What an edge signs and seals with, read for one organisation."""

import secrets

from adapters.edge import SiteKeys
from broker.app import clock
from broker.domain.ids import OrganisationId
from broker.keys import BROKER, read_public_keys, read_secret, signer
from broker.settings import Settings


def site_keys(settings: Settings, organisation: OrganisationId) -> SiteKeys:
    """The organisation's own keys, and the broker's public one."""
    own = signer(settings.keys, organisation)
    public = read_public_keys(settings.keys / "public.json")
    return SiteKeys(
        kid=own.kid,
        sign=own.sign,
        event_key=read_secret(settings.keys, organisation, "event"),
        broker=public.sealing_key_of(BROKER, clock()),
        random=secrets.token_bytes,
    )
