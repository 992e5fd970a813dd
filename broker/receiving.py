"""
A recipient's side: open what is addressed to it, verify, keep it as evidence, give a receipt.

What comes twice is dropped by its id. The offset is committed after the receipt has been
acknowledged, so that a disclosure which was not receipted is opened again.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broker.domain.batch import Received
from broker.domain.ids import OrganisationId
from broker.domain.notification import Json
from broker.domain.outgoing import Outgoing
from broker.domain.topics import receipts_in_topic, receipts_topic
from broker.encoding import from_base64url
from broker.errors import Malformed, Rejected
from broker.kafka import Sender, Tail
from broker.keys import PublicKeys
from broker.ledger.checkpoint import LedgerKey
from broker.proving import Proven, check, evidence_from, opened
from broker.sdjwt import claims_in, plain_in
from broker.sealing import DISCLOSURE, unseal

HandOver = Callable[[Mapping[str, Json], Mapping[str, Json]], Awaitable[None]]
"""Takes what was opened and its evidence; returns when the organisation's own systems have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One organisation's receiving program."""

    organisation: OrganisationId
    open_key: Callable[..., bytes]
    sign_receipt: Callable[[Mapping[str, object]], str]
    public: PublicKeys
    ledger: LedgerKey
    sender: Sender
    into: Path | None
    now: Callable[[], datetime]
    hand_over: HandOver | None = None  # to the organisation's own systems, before the receipt

    async def run(self, tail: Tail) -> AsyncIterator[dict[str, Json]]:
        """Each disclosure as plain JSON, once; what is not genuine with its reason."""
        seen: set[str] = set()
        async for records in tail.records():
            told: list[dict[str, Json]] = []
            receipts: list[Outgoing] = []
            for topic, record in records:
                if topic == receipts_topic(self.organisation):
                    self._keep_proofs(record)
                    continue
                found, evidence = self._open(record)
                told.append(found)
                if evidence is not None:
                    if self.hand_over is not None:
                        await self.hand_over(found, evidence)
                    receipts.append(self._receipt(str(found["disclosure"])))
            await self.sender.send(receipts)
            await tail.commit()
            for found in told:
                disclosure = str(found.get("disclosure"))
                if disclosure not in seen:
                    seen.add(disclosure)
                    yield found

    def _open(self, record: Received) -> tuple[dict[str, Json], dict[str, Json] | None]:
        disclosure = record.headers.get("ce_id", "")
        try:
            parts = (DISCLOSURE, disclosure, self.organisation)
            cover, token = opened(unseal(record.value, parts=parts, open_key=self.open_key))
            evidence = evidence_from(self.organisation, disclosure, cover, token)
            proven = check(evidence, public=self.public, ledger=self.ledger)
        except Rejected as why:
            return {"disclosure": disclosure, "refused": why.reason, "detail": why.detail}, None
        self._keep(disclosure, evidence)
        return _told(disclosure, token, cover, proven), evidence

    def _receipt(self, disclosure: str) -> Outgoing:
        said = {"kind": "received", "disclosure": disclosure, "at": self.now().isoformat()}
        return Outgoing(
            topic=receipts_in_topic(self.organisation),
            key=disclosure,
            value=self.sign_receipt(said).encode(),
            headers={"ce_specversion": "1.0", "ce_id": disclosure, "ce_type": "receipt"},
        )

    def _keep(self, disclosure: str, evidence: dict[str, Json]) -> None:
        if self.into is None:
            return
        path = _file(self.into, disclosure)
        proof = path.with_suffix(".proof")
        if proof.exists():
            evidence = {**evidence, **json.loads(proof.read_text())}
        _write(path, evidence)

    def _keep_proofs(self, record: Received) -> None:
        """Proofs come on a topic of their own, before or after what they prove."""
        if self.into is None or record.headers.get("ce_type") != "ledger.proofs":
            return
        for each in json.loads(record.value):
            path = _file(self.into, each["disclosure"])
            proof = {"leaf": each["leaf"], "proof": each["proof"]}
            _write(path.with_suffix(".proof"), proof)
            if path.exists():
                _write(path, {**json.loads(path.read_text()), **proof})


def _told(disclosure: str, token: str, cover: str, proven: Proven) -> dict[str, Json]:
    said = json.loads(from_base64url(cover.split(".")[1]))
    return {
        "disclosure": disclosure,
        "cover": said,
        "plain": plain_in(token) if token else {},  # a pointer carries none
        "claims": claims_in(token) if token else {},
        "proven": list(proven.sentences),
    }


def _file(folder: Path, disclosure: str) -> Path:
    if not disclosure.isalnum():
        raise Malformed("bad_id", "a disclosure's id is letters and digits")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{disclosure}.json"


def _write(path: Path, value: object) -> None:
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_text(json.dumps(value, indent=1, ensure_ascii=False))
    draft.rename(path)
