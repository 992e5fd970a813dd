"""
The ledger's signed head: a C2SP checkpoint in a signed note (c2sp.org/tlog-checkpoint,
c2sp.org/signed-note), and the proof that goes with a leaf (c2sp.org/tlog-proof@v1).

    <origin>                     c2sp.org/tlog-proof@v1
    <size>                       index <number>
    <root in base64>             <hash in base64> ...

    — <name> <key id and signature in base64>      <checkpoint>
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from broker.errors import NotGenuine
from broker.ledger.merkle import inclusion_holds, leaf_hash

_ED25519 = b"\x01"
_KEY_ID = 4  # bytes
_HEADER = "c2sp.org/tlog-proof@v1"
_DASH = "\u2014"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerKey:
    """The log's name and public key; `checks(signature, signed)` is true for its signatures."""

    name: str
    public: bytes
    checks: Callable[[bytes, bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(name: str, public: bytes) -> bytes:
    """The first four bytes of SHA-256(name, line feed, algorithm 1, key)."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID]


def signed_note(
    checkpoint: Checkpoint, *, name: str, public: bytes, sign: Callable[[bytes], bytes]
) -> str:
    body = checkpoint.body()
    signature = base64.b64encode(key_id(name, public) + sign(body.encode())).decode()
    return f"{body}\n{_DASH} {name} {signature}\n"


def read_note(note: str, key: LedgerKey) -> Checkpoint:
    """The checkpoint, signed by this log. Raises NotGenuine."""
    body, divider, signatures = note.partition("\n\n")
    body += "\n"
    if not divider or not signatures.endswith("\n"):
        raise NotGenuine("checkpoint_malformed")
    good = [_is_signed(line, body, key) for line in signatures[:-1].split("\n")]
    if not any(good):
        raise NotGenuine("checkpoint_not_signed_by_the_ledger")
    return _checkpoint(body)


def _is_signed(line: str, body: str, key: LedgerKey) -> bool:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not parts[1]:  # noqa: PLR2004 - dash, name, bytes
        raise NotGenuine("checkpoint_malformed")
    raw = _base64(parts[2])
    if parts[1] != key.name or raw[:_KEY_ID] != key_id(key.name, key.public):
        return False
    if not key.checks(raw[_KEY_ID:], body.encode()):
        raise NotGenuine("checkpoint_signature")
    return True


def _checkpoint(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) < 4 or not lines[0] or not _is_number(lines[1]):  # noqa: PLR2004 - three lines
        raise NotGenuine("checkpoint_malformed")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=_base64(lines[2]))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotGenuine("checkpoint_malformed") from None
    if base64.b64encode(raw).decode() != text:
        raise NotGenuine("checkpoint_malformed")
    return raw


def proof_text(index: int, path: Sequence[bytes], note: str) -> str:
    lines = [_HEADER, f"index {index}", *(base64.b64encode(each).decode() for each in path)]
    return "\n".join(lines) + "\n\n" + note


def place_in_log(proof: str, entry: bytes, key: LedgerKey) -> tuple[int, Checkpoint]:
    """
    (number, checkpoint): the leaf `entry` stands at this number of the log with this head.

    Raises NotGenuine if the proof, the checkpoint or the leaf is not what it claims to be.
    """
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != _HEADER or len(lines) < 2 or not lines[1].startswith("index "):  # noqa: PLR2004
        raise NotGenuine("proof_malformed")
    number = lines[1].removeprefix("index ")
    if not _is_number(number):
        raise NotGenuine("proof_malformed")
    checkpoint = read_note(note, key)
    holds = inclusion_holds(
        index=int(number),
        size=checkpoint.size,
        leaf=leaf_hash(entry),
        proof=[_base64(line) for line in lines[2:]],
        root=checkpoint.root,
    )
    if not holds:
        raise NotGenuine("not_in_the_ledger")
    return int(number), checkpoint
