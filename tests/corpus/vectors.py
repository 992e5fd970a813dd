"""
Test vectors that others made, run through the real code: `make corpus CORPUS=../shared`.

Each function gives (passed, total, what failed).
"""

import base64
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from adapters.xml import parsed
from broker import sdjwt, sealing, strictjson
from broker.domain.directory_keys import Period, SigningKey
from broker.domain.ids import KeyId, OrganisationId
from broker.domain.words import Category
from broker.encoding import from_base64url
from broker.errors import Broken, NotGenuine, Rejected
from broker.keys import unwrapped, verifier
from broker.ledger import merkle
from broker.ledger.checkpoint import LedgerKey, place_in_log
from broker.policy.envelope import pae, read_envelope, written

Result = tuple[int, int, list[str]]
_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def _count(outcomes: list[tuple[str, bool]]) -> Result:
    failed = [name for name, passed in outcomes if not passed]
    return len(outcomes) - len(failed), len(outcomes), failed


def sd_jwt(folder: Path) -> Result:
    """Tokens to accept and to refuse; the claim names of a case are whatever it holds."""
    cases = json.loads((folder / "sd-jwt/ed25519-cases.json").read_text())
    keys = {
        kid: SigningKey(
            kid=KeyId(kid),
            organisation=OrganisationId(entry["iss"]),
            period=Period(since=_SINCE),
            checks=verifier(from_base64url(entry["x"])),
        )
        for kid, entry in cases["directory"].items()
    }
    now = datetime.fromtimestamp(cases["now"], UTC)
    names = {f"{category}.{part}" for category in Category for part in ("summary", "full")}

    def key_of(kid: KeyId) -> SigningKey:
        if kid not in keys:
            raise NotGenuine("unknown_key")
        return keys[kid]

    def accepted(token: str) -> bool:
        try:
            sdjwt.read(
                token, key_of=key_of, names=names | {"present", "routing", "native"}, now=now
            )
        except Rejected:
            return False
        return True

    return _count(
        [(c["name"], accepted(c["token"]) == (c["expect"] == "accept")) for c in cases["cases"]]
    )


def json_suite(folder: Path) -> Result:
    """What every reader must refuse is refused; four that it may accept we refuse on purpose."""
    cases = json.loads((folder / "json/jsontestsuite.json").read_text())
    return _count([(name, ok) for name, ok in _json_outcomes(cases)])


def _json_outcomes(cases: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    outcomes = []
    for case in cases:
        try:
            strictjson.read(_json_case_bytes(case))
            accepted = True
        except Rejected:
            accepted = False
        refused_on_purpose = any(word in case["file"] for word in _REFUSED_ON_PURPOSE)
        if case["expect"] == "reject":
            outcomes.append((case["file"], not accepted))
        elif case["expect"] == "accept":
            outcomes.append((case["file"], accepted or refused_on_purpose))
    return outcomes


_REFUSED_ON_PURPOSE = ("duplicated_key", "null_escaped", "escaped_null", "u+0000", "nul")


def _json_case_bytes(case: dict[str, Any]) -> bytes:
    if "repeat" in case:
        return bytes(case["repeat"] * case["times"] + case.get("then", ""), "utf-8")
    return base64.b64decode(case["base64"])


def merkle_inclusion(folder: Path) -> Result:
    return _proofs(folder / "merkle/inclusion.json", _inclusion_holds)


def merkle_consistency(folder: Path) -> Result:
    return _proofs(folder / "merkle/consistency.json", _consistency_holds)


def _proofs(path: Path, holds: Callable[[dict[str, Any]], bool]) -> Result:
    written = json.loads(path.read_text())
    cases = written["cases"] if isinstance(written, dict) and "cases" in written else written
    listed = cases.items() if isinstance(cases, dict) else enumerate(cases)
    return _count(
        [(str(name), holds(case) != bool(case.get("wantErr", False))) for name, case in listed]
    )


def _b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _inclusion_holds(case: dict[str, Any]) -> bool:
    return merkle.inclusion_holds(
        index=case["leafIdx"],
        size=case["treeSize"],
        leaf=_b64(case["leafHash"]),
        proof=[_b64(each) for each in case["proof"] or []],
        root=_b64(case["root"]),
    )


def _consistency_holds(case: dict[str, Any]) -> bool:
    return merkle.consistency_holds(
        old_size=case["size1"],
        new_size=case["size2"],
        old_root=_b64(case["root1"]),
        new_root=_b64(case["root2"]),
        proof=[_b64(each) for each in case["proof"] or []],
    )


def ed25519(folder: Path) -> Result:
    outcomes = []
    for number, line in enumerate((folder / "ed25519/sign.input").read_text().splitlines()):
        secret, public, message, signed = line.split(":")[:4]
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)[:32])
        signature = bytes.fromhex(signed)[:64]
        same = key.sign(bytes.fromhex(message)) == signature
        held = verifier(bytes.fromhex(public))(signature, bytes.fromhex(message))
        outcomes.append((f"line {number}", same and held))
    return _count(outcomes)


def wycheproof_ed25519(folder: Path) -> Result:
    written = json.loads((folder / "wycheproof/ed25519_test.json").read_text())
    outcomes = []
    for group in written["testGroups"]:
        checks = verifier(bytes.fromhex(group["publicKey"]["pk"]))
        for test in group["tests"]:
            held = checks(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            outcomes.append((f"test {test['tcId']}", held == (test["result"] == "valid")))
    return _count(outcomes)


def wycheproof_key_wrap(folder: Path) -> Result:
    written = json.loads((folder / "wycheproof/aes_kwp_test.json").read_text())
    outcomes = []
    for group in written["testGroups"]:
        for test in group["tests"]:
            try:
                key = bytes.fromhex(test["key"])
                opened = unwrapped(key, bytes.fromhex(test["ct"])) == bytes.fromhex(test["msg"])
            except (Broken, ValueError):
                opened = False
            fits = opened == (test["result"] == "valid") or test["result"] == "acceptable"
            outcomes.append((f"test {test['tcId']}", fits))
    return _count(outcomes)


def disclosure_binding(folder: Path) -> Result:
    """A sealed disclosure opens for whom and as what it was sealed, and in no other way."""
    vector = json.loads((folder / "hpke/disclosure-binding.json").read_text())
    return _count([(case["name"], _opens(vector, case)) for case in vector["cases"]])


def _opens(vector: dict[str, Any], case: dict[str, Any]) -> bool:
    given = {**vector, **case}
    parts = given["parts"]
    secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(given["recipient_secret"]))
    kid = parts[3].encode()
    wire = bytes([1, len(kid)]) + kid + bytes.fromhex(given["wrapped_key"])
    sealed = wire + bytes.fromhex(given["body"])
    try:
        sealing.unseal(
            sealed,
            parts=tuple(parts[:3]),
            open_key=lambda _, wrapped, info: sealing.open_with(secret, wrapped, info),
        )
    except Rejected:
        return bool(case["expect"] == "reject")
    return bool(case["expect"] == "accept")


def xml(folder: Path) -> Result:
    """What declares a document type is refused; the two plain files are read."""
    plain = {"simple.xml", "simple-ns.xml", "own_xinclude.xml"}
    outcomes = []
    for file in sorted((folder / "xml").glob("*.xml")):
        try:
            parsed(file.read_bytes())
            read = True
        except Rejected:
            read = False
        outcomes.append((file.name, read == (file.name in plain)))
    return _count(outcomes)


def ledger_checkpoints(folder: Path) -> Result:
    """Proofs of the log's own signature; witnesses' signatures are not asked for."""
    written = json.loads((folder / "ledger/checkpoints.json").read_text())
    name, _, encoded = written["verifier_keys"]["log"].split("+", 2)
    public = base64.b64decode(encoded)[1:]
    key = LedgerKey(name=name, public=public, checks=verifier(public))
    outcomes = []
    for case in written["proofs"]:
        if "witness" in case["name"] and not case["name"].startswith("witnesses only"):
            continue  # the quorum of witnesses is not asked for in this version
        try:
            place_in_log(case["proof"], case["entry"].encode(), key)
            held = True
        except Rejected:
            held = False
        outcomes.append((case["name"], held == (case["expect"] == "accept")))
    return _count(outcomes)


def dsse(folder: Path) -> Result:
    """The protocol's example: what is signed, what the envelope holds, and that both belong."""
    told = json.loads((folder / "dsse/dsse-v1-example.json").read_text())
    raw = json.dumps(told["envelope"], sort_keys=True, separators=(",", ":")).encode() + b"\n"
    envelope = read_envelope(raw)
    key = ec.EllipticCurvePublicNumbers(int(told["X"]), int(told["Y"]), ec.SECP256R1())
    sig = envelope.signatures[0].sig
    r, s = (int.from_bytes(half, "big") for half in (sig[:32], sig[32:]))

    def holds(signed: bytes) -> bool:
        try:
            algorithm = ec.ECDSA(hashes.SHA256())
            key.public_key().verify(encode_dss_signature(r, s), signed, algorithm)
        except InvalidSignature:
            return False
        return True

    return _count(
        [
            ("pae", pae(told["payloadType"], told["payload"].encode()) == told["pae"].encode()),
            ("payload", envelope.body == told["payload"].encode()),
            ("written again", written(envelope) == raw),
            ("signature", holds(envelope.signed_bytes())),
            ("another body", not holds(pae(envelope.kind, envelope.body + b"."))),
            ("another kind", not holds(pae(envelope.kind + ".", envelope.body))),
        ]
    )


ALL = {
    "dsse/dsse-v1-example.json": dsse,
    "xml": xml,
    "ledger/checkpoints.json": ledger_checkpoints,
    "sd-jwt/ed25519-cases.json": sd_jwt,
    "json/jsontestsuite.json": json_suite,
    "merkle/inclusion.json": merkle_inclusion,
    "merkle/consistency.json": merkle_consistency,
    "ed25519/sign.input": ed25519,
    "wycheproof/ed25519_test.json": wycheproof_ed25519,
    "wycheproof/aes_kwp_test.json": wycheproof_key_wrap,
    "hpke/disclosure-binding.json": disclosure_binding,
}


def main() -> None:
    """Print each file's figures; exit 3 if one is not whole."""
    folder = Path(sys.argv[1]) / "vectors"
    wrong = 0
    for name, run in ALL.items():
        passed, total, failed = run(folder)
        wrong += len(failed)
        sys.stdout.write(f"{name:<40}{passed:>6} of {total}\n")
        for problem in failed:
            sys.stdout.write(f"PROBLEM {name}: {problem}\n")
    kept = {*ALL, "SHA256SUMS", "MANIFEST.md"}
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if file.is_file() and name not in kept and not name.startswith(("LICENCES/", "xml/")):
            sys.stdout.write(f"not covered by this version: {name}\n")
    sys.exit(3 if wrong else 0)


if __name__ == "__main__":
    main()
