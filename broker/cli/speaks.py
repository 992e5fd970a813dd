"""Statements signed with an organisation's own keys: from the console, and by `broker say`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.contract import Site
from adapters.edge import signed
from adapters.statement import event_from
from broker.cli.site_keys import site_keys
from broker.domain.decision import Recipient
from broker.domain.desk import Person
from broker.domain.effect import Effect, Said
from broker.domain.ids import OrganisationId
from broker.domain.notification import Json
from broker.domain.words import EventType
from broker.errors import Misconfigured, Rejected
from broker.partnership import Partnership
from broker.settings import Settings
from broker.speaking import Speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaks:
    """The Speak of desk_ports.py."""

    settings: Settings
    partnership: Partnership
    speaking: Speaking

    async def would(
        self, person: Person, kind: EventType, said: Mapping[str, Json], *, key: str, now: datetime
    ) -> Sequence[Effect]:
        if person.role is None:
            raise Rejected("may_not_record")
        reader = Recipient(organisation=person.organisation, role=person.role, agency=person.agency)
        return await self.speaking.would(self._token(person, kind, said, key, now), reader)

    async def __call__(
        self, person: Person, kind: EventType, said: Mapping[str, Json], *, key: str, now: datetime
    ) -> Said:
        return await self.speaking.take(self._token(person, kind, said, key, now))

    def _token(
        self, person: Person, kind: EventType, said: Mapping[str, Json], key: str, now: datetime
    ) -> bytes:
        by = {"person": person.id} | ({"role": person.role.value} if person.role else {})
        return statement_token(
            kind,
            {**said, "by": by},
            organisation=person.organisation,
            key=key,
            settings=self.settings,
            partnership=self.partnership,
            now=now,
        ).encode()


def statement_token(
    kind: EventType,
    fact: Mapping[str, Json],
    *,
    organisation: OrganisationId,
    key: str,
    settings: Settings,
    partnership: Partnership,
    now: datetime,
    identity: Mapping[str, Json] | None = None,
) -> str:
    """
    Signed in the organisation's name. Raises Rejected with the path that does not fit the schema,
    Misconfigured if the organisation is not in the directory or its keys are not here.
    """
    body = partnership.organisations.get(organisation)
    if body is None:
        raise Misconfigured("no_such_organisation", f"{organisation}: not in the directory")
    scheme, code = organisation.removeprefix("org:").split(":", 1)
    where = Site(
        agency=body.agency,
        organisation=organisation,
        source=f"/{body.agency.value}/{scheme}/{code}/statements",
        received=now,
    )
    event = event_from(kind, fact, key=key, identity=identity)
    return signed(event, where, site_keys(settings, organisation))
