"""The policies in force, and everything around deciding."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from broker.again import Deciding
from broker.app import clock
from broker.app.parts import OpenKey, Parts, chance, custody, matching
from broker.approvers import read_approvers
from broker.errors import StoreUnavailable
from broker.intake import Intake
from broker.keys import BROKER, opener
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.awaited import AwaitedPolicies
from broker.policy.beside import Beside
from broker.policy.bundle import packaged
from broker.policy.live import LivePolicies, read_publication
from broker.policy.shadow import Compared, Shadow
from broker.ports import Onlooker
from broker.publishers import Reader
from broker.store.governance import PostgresShadow
from broker.store.postgres import PostgresStore, pool_of
from broker.telemetry import say

_log = logging.getLogger(__name__)


def reader(found: Parts) -> Reader:
    keys = found.settings.keys
    return Reader(
        key_of=found.public.signing_key,
        open_key=OpenKey(opener(keys, BROKER)),
        matching=matching(found.settings, found.partnership),
        agencies={each.id: each.agency for each in found.partnership.organisations.values()},
        now=clock,
    )


def live(found: Parts) -> LivePolicies[CompiledPolicies]:
    """
    The policies in force, which others may follow while the process runs: signed bundles, where a
    folder is named for them. Raises PolicySetInvalid: no start with policies that do not validate.
    """
    settings = found.settings
    return LivePolicies(
        settings.bundles,
        otherwise=settings.policies or packaged(),
        approvers=lambda: read_approvers(settings.approvers),
        prepare=CompiledPolicies,
        now=clock(),
    )


def awaited(found: Parts) -> AwaitedPolicies:
    """The same for a process that starts without them, and goes on looking (DOMAIN.md 4.7)."""
    return AwaitedPolicies(lambda: live(found), now=clock)


def deciding(
    found: Parts,
    policies: LivePolicies[CompiledPolicies] | AwaitedPolicies,
    onlooker: Onlooker | None = None,
) -> Deciding:
    return Deciding(
        in_force=policies.policies_at,
        directory=found.partnership.directory(),
        matching=matching(found.settings, found.partnership),
        custody=custody(found.settings.keys),
        chance=chance(),
        now=clock,
        onlooker=onlooker,
    )


def beside(
    found: Parts,
    policies: LivePolicies[CompiledPolicies] | AwaitedPolicies,
    kept: PostgresShadow,
) -> Beside:
    """Cedar about one notification in a thousand, and a candidate, if one is named."""
    candidate = found.settings.shadow
    if candidate is None:
        return Beside(bundle=lambda: policies.bundle)
    bundle = read_publication(candidate).bundle() if candidate.is_file() else read_bundle(candidate)

    async def keep(compared: Compared, now: datetime) -> None:
        try:
            await kept.keep(compared, now)
        except StoreUnavailable as why:  # what is lost is a count
            say(_log, "shadow not kept", reason=why.reason)

    return Beside(
        bundle=lambda: policies.bundle, shadow=Shadow(CompiledPolicies(bundle)), keep=keep
    )


@asynccontextmanager
async def intake(
    found: Parts, policies: LivePolicies[CompiledPolicies] | AwaitedPolicies
) -> AsyncIterator[Intake]:
    """Steps 2 to 6."""
    async with pool_of(found.database) as pool:
        onlooker = beside(found, policies, PostgresShadow(pool))
        try:
            yield Intake(
                read_one=reader(found).read_one,
                deciding=deciding(found, policies, onlooker),
                store=PostgresStore(pool),
            )
        finally:
            onlooker.close()
