"""
A policy set as a file that people sign: every file with its hash, who wrote it, from when it
holds, which version it follows, and the report of what was proved and what would change.

Two people approve it, neither its author and not one of them twice. Until then, before its first
day, after its last, or with one byte changed, it is no policy set: `why_not` and `opened` say why.
Pure: keys come in as functions.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.resources.abc import Traversable

from broker import strictjson
from broker.domain.directory_keys import Period
from broker.domain.ids import PolicyVersion
from broker.domain.notification import Json
from broker.encoding import canonical_json
from broker.errors import Malformed, PolicySetInvalid
from broker.policy.bundle import Bundle, read_bundle
from broker.policy.envelope import (
    MOST_BYTES,
    Envelope,
    Signature,
    read_envelope,
    written,
)
from broker.policy.held import HeldFolder

KIND = "application/vnd.concern-broker.policies+json"
APPROVALS_NEEDED = 2
_KEPT = (".cedar", ".cedarschema", ".yaml", ".json")

Report = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Somebody who may approve policies, with the public half of their Ed25519 key."""

    id: str
    name: str
    period: Period
    public: bytes
    checks: Callable[[bytes, bytes], bool] = field(repr=False)  # (signature, signed) -> genuine


Approvers = Mapping[str, Approver]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the signatures cover, besides the files and the report by their SHA-256 in hex."""

    version: PolicyVersion
    author: str
    since: datetime  # from included, until not
    until: datetime | None
    previous: PolicyVersion  # the version that was live when it was made
    files: Mapping[str, str]
    report: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A bundle file, intact: its hashes are right, whoever has or has not approved it."""

    manifest: Manifest
    files: Mapping[str, bytes] = field(repr=False)
    report: Report = field(repr=False)
    envelope: Envelope = field(repr=False)

    def folder(self) -> HeldFolder:
        """As if unpacked: what reads a folder of policies reads this."""
        return HeldFolder(self.files)

    def bundle(self) -> Bundle:
        """Raises PolicySetInvalid."""
        return read_bundle(self.folder())


def files_of(folder: Traversable, under: str = "") -> dict[str, bytes]:
    """Every file of a policy set by its path: rules, cases and invariants, but no programs."""
    found: dict[str, bytes] = {}
    for each in sorted(folder.iterdir(), key=lambda file: file.name):
        if each.is_dir():
            found |= files_of(each, f"{under}{each.name}/")
        elif each.name.endswith(_KEPT):
            found[under + each.name] = each.read_bytes()
    return found


def published(
    files: Mapping[str, bytes],
    *,
    author: str,
    since: datetime,
    until: datetime | None,
    previous: PolicyVersion,
    report: Report,
) -> bytes:
    """The file that waits for approvals: the same arguments give the same bytes."""
    manifest: dict[str, Json] = {
        "version": read_bundle(HeldFolder(files)).version,
        "author": author,
        "from": since.isoformat(),
        "until": until.isoformat() if until else None,
        "previous": previous,
        "files": {name: _sha256(content) for name, content in sorted(files.items())},
        "report": _sha256(canonical_json(dict(report))),
    }
    body: dict[str, Json] = {
        "manifest": manifest,
        "files": {name: content.decode("utf-8") for name, content in files.items()},
        "report": dict(report),
    }
    return written(Envelope(kind=KIND, body=canonical_json(body)))


def opened(raw: bytes) -> Publication:
    """
    The publication in a bundle file. Raises PolicySetInvalid if it is not as it was written, or
    if a hash of its manifest is not that of what it names.
    """
    try:
        found = _publication(read_envelope(raw))
    except (Malformed, KeyError, TypeError, ValueError, AttributeError) as error:
        detail = error.detail if isinstance(error, Malformed) else type(error).__name__
        raise PolicySetInvalid("bundle_corrupted", f"{detail}: publish it again") from None
    _check_hashes(found)
    return found


def _publication(envelope: Envelope) -> Publication:
    if envelope.kind != KIND:
        raise Malformed("not_this_format", "signed, but no policies")
    told = strictjson.read(envelope.body, most_bytes=MOST_BYTES)
    if not isinstance(told, dict) or canonical_json(told) != envelope.body:
        raise Malformed("not_this_format", "not as a bundle is written")
    manifest, files, report = (_object(told[name]) for name in ("manifest", "files", "report"))
    until = manifest["until"]
    return Publication(
        manifest=Manifest(
            version=PolicyVersion(_text(manifest["version"])),
            author=_text(manifest["author"]),
            since=_instant(_text(manifest["from"])),
            until=None if until is None else _instant(_text(until)),
            previous=PolicyVersion(_text(manifest["previous"])),
            files={name: _text(digest) for name, digest in _object(manifest["files"]).items()},
            report=_text(manifest["report"]),
        ),
        files={name: _text(content).encode() for name, content in files.items()},
        report=report,
        envelope=envelope,
    )


def _check_hashes(found: Publication) -> None:
    manifest = found.manifest
    digests = {name: _sha256(content) for name, content in found.files.items()}
    wrong = sorted(name for name, _ in digests.items() ^ manifest.files.items())
    if wrong:
        raise PolicySetInvalid("bundle_corrupted", f"not as the manifest says: {wrong[0]}")
    if _sha256(canonical_json(dict(found.report))) != manifest.report:
        raise PolicySetInvalid("bundle_corrupted", "not as the manifest says: the report")
    if found.bundle().version != manifest.version:
        raise PolicySetInvalid("bundle_corrupted", "not as the manifest says: the version")


def approved(
    found: Publication, approver: Approver, sign: Callable[[bytes], bytes], now: datetime
) -> bytes:
    """The file with one more approval. Raises PolicySetInvalid where it would not count."""
    signature = Signature(keyid=approver.id, sig=sign(found.envelope.signed_bytes()))
    if why := _why_not_counted(found, signature, {approver.id: approver}):
        raise PolicySetInvalid("approval_refused", why)
    if not approver.period.holds_at(now):
        raise PolicySetInvalid("approval_refused", f"{approver.id} may not approve now")
    if approver.id in {each.keyid for each in found.envelope.signatures}:
        raise PolicySetInvalid("approval_refused", f"{approver.id} has approved it already")
    signatures = (*found.envelope.signatures, signature)
    ordered = sorted(signatures, key=lambda each: each.keyid)
    return written(replace(found.envelope, signatures=tuple(ordered)))


def why_not_approved(found: Publication, approvers: Approvers, now: datetime) -> list[str]:
    """What is wrong with its approvals or missing; empty when two people approved it."""
    wrong, counted = list[str](), set[bytes]()
    for signature in found.envelope.signatures:
        if why := _why_not_counted(found, signature, approvers):
            wrong.append(why)
            continue
        approver = approvers[signature.keyid]
        if approver.period.revoked is not None and now >= approver.period.revoked:
            wrong.append(f"the key of {approver.id} is revoked: somebody else approves")
        elif approver.public in counted:
            wrong.append(f"{approver.id} approved twice: somebody else approves")
        counted.add(approver.public)
    lacking = APPROVALS_NEEDED - len(counted)
    if not wrong and lacking > 0:
        wrong.append(
            f"{len(counted)} of {APPROVALS_NEEDED} approvals: {lacking} more from people who are"
            f" not {found.manifest.author}: broker policy approve FILE --as ID"
        )
    return wrong


def why_not_in_force(manifest: Manifest, now: datetime) -> str:
    """Empty while it holds."""
    if now < manifest.since:
        return f"in force from {manifest.since.isoformat()}: activate it then"
    if manifest.until is not None and now >= manifest.until:
        return f"in force until {manifest.until.isoformat()}: publish another one"
    return ""


def _why_not_counted(found: Publication, signature: Signature, approvers: Approvers) -> str:
    """Each check alone stops it. The author is asked about first: no signature mends that."""
    if signature.keyid == found.manifest.author:
        return f"{signature.keyid} is its author: somebody else approves"
    approver = approvers.get(signature.keyid)
    if approver is None:
        return f"{signature.keyid!r} is no approver: see BROKER_APPROVERS"
    author = approvers.get(found.manifest.author)
    if author is not None and author.public == approver.public:
        return f"{signature.keyid} has the key of its author: somebody else approves"
    if not approver.checks(signature.sig, found.envelope.signed_bytes()):
        return f"the signature of {signature.keyid} is not over this bundle: approve it again"
    return ""


def approvals(found: Publication) -> Iterator[str]:
    """Who signed, whether or not it counts."""
    return (each.keyid for each in found.envelope.signatures)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _object(told: Json) -> dict[str, Json]:
    if not isinstance(told, dict):
        raise TypeError("no object")
    return told


def _text(told: Json) -> str:
    if not isinstance(told, str):
        raise TypeError("no text")
    return told


def _instant(told: str) -> datetime:
    found = datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found
