"""`broker policy keys, publish, approve, open, verify, activate`: from a folder to what is live."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from broker.app import clock
from broker.approvers import add_approver, approver_key, make_approver_key, read_approvers
from broker.cli.keys import refuse_inside_the_repository
from broker.cli.policy.progress import bar
from broker.cli.policy.sets import (
    FOUND_SOMETHING,
    AsJson,
    live_set,
    plain,
    prepare,
    refuse,
    say,
    stop_on,
)
from broker.domain.notification import Json
from broker.errors import Misconfigured, PolicyDisagrees, PolicySetInvalid
from broker.policy import Bundle, read_bundle
from broker.policy.analysis import difference
from broker.policy.check import check as checked
from broker.policy.live import activate as activated
from broker.policy.live import read_publication, write_whole
from broker.policy.proof import prove
from broker.policy.publication import (
    APPROVALS_NEEDED,
    Publication,
    approvals,
    approved,
    files_of,
    opened,
    published,
    why_not_approved,
    why_not_in_force,
)
from broker.settings import Settings

BundleFile = Annotated[Path, typer.Argument(help="The bundle file.", metavar="FILE")]
Keys = Annotated[Path | None, typer.Option("--key", help="The keys folder; else BROKER_KEYS.")]
ApproversFile = Annotated[
    Path | None, typer.Option("--approvers", help="Who may approve; else BROKER_APPROVERS.")
]
As = Annotated[str, typer.Option("--as", metavar="ID", help="The approver's id, as `ann.lee`.")]


def add_to(commands: typer.Typer) -> None:
    for command in (publish, approve, activate):
        commands.command()(command)
    commands.command("open")(show)
    commands.command("verify")(show)


def keys() -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="The keys of those who approve policies.")
    commands.command()(make)
    commands.command("list")(list_approvers)
    return commands


def make(
    *,
    approver: As,
    name: Annotated[str, typer.Option(help="The person's name, for those who read the list.")],
    into: Annotated[Path | None, typer.Option("--into", help="Where; else BROKER_KEYS.")] = None,
    approvers: ApproversFile = None,
) -> None:
    """Make one approver's key, and add its public half to the list of approvers."""
    settings = Settings()
    folder, listed = into or settings.keys, approvers or settings.approvers
    refuse_inside_the_repository(folder)
    public = make_approver_key(folder, approver, secrets.token_bytes(32))
    add_approver(listed, approver=approver, name=name, public=public, now=clock())
    typer.echo(f"{approver}'s key is in {folder}/approvers; its public half is in {listed}")


def list_approvers(*, approvers: ApproversFile = None) -> None:
    """Who may approve, as JSON."""
    listed = read_approvers(approvers or Settings().approvers)
    say(
        [
            {
                "id": each.id,
                "name": each.name,
                "public": each.public.hex(),
                "from": each.period.since,
                "until": each.period.until,
                "revoked": each.period.revoked,
            }
            for each in listed.values()
        ]
    )


def publish(
    folder: Annotated[Path, typer.Argument(help="The folder of policies.")],
    *,
    out: Annotated[Path, typer.Option(help="The bundle file to write.")],
    author: Annotated[str, typer.Option(help="The id of whoever wrote them, who cannot approve.")],
    since: Annotated[str, typer.Option("--from", help="Its first day, or an instant.")],
    until: Annotated[str | None, typer.Option(help="The day on which it ends.")] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Keeps what was proved: only what changed is asked again.")
    ] = None,
) -> None:
    """Check, prove, and say what would change; then write the file that waits for approvals."""
    settings = Settings()
    before = read_bundle(live_set(settings))
    first, last = moment(since), None if until is None else moment(until)
    if last is not None and last <= first:
        raise Misconfigured("no_days", "write --until later than --from")
    try:
        report = _report(folder, before, cache)
        raw = published(
            files_of(folder),
            author=author,
            since=first,
            until=last,
            previous=before.version,
            report=report,
        )
    except PolicySetInvalid as why:
        raise refuse(why) from None
    write_whole(out, raw)
    typer.echo(f"{out} waits for {APPROVALS_NEEDED} approvals: broker policy approve {out} --as ID")
    _tell(opened(raw), [])


def _report(folder: Path, before: Bundle, cache: Path | None) -> dict[str, Json]:
    """What approvers read: each step's figures. The same policies give the same report."""
    found = checked(folder, prepare)
    stop_on(found.found)
    _step(
        f"{found.policies} policies, {len(found.cases)} cases, {len(found.invariants)} invariants"
    )
    after = read_bundle(folder)
    try:
        with bar("questions asked of Cedar") as progress:
            proof = prove(after, cache, progress)
    except PolicyDisagrees as why:
        typer.echo(f"FAIL {why}", err=True)
        raise typer.Exit(FOUND_SOMETHING) from None
    _step(f"proved equal to Cedar over {proof.covered} questions")
    moved = difference(before, after)
    _step(f"{len(moved.changes)} roles, categories and extents are answered otherwise than now")
    return {
        "policies": found.policies,
        "cases": len(found.cases),
        "invariants": [run.sentence for run in found.invariants],
        "proof": {"covered": proof.covered, "random_answers": proof.random_answers},
        "difference": plain(moved),
    }


def _step(said: str) -> None:
    typer.echo(f"ok   {said}", err=True)


def approve(
    file: BundleFile, *, approver: As, key: Keys = None, approvers: ApproversFile = None
) -> None:
    """Sign a bundle, having read it. Two people do who did not write it. Exit 3 when refused."""
    settings, now = Settings(), clock()
    listed = read_approvers(approvers or settings.approvers)
    if approver not in listed:
        raise Misconfigured("no_approver", f"{approver}: broker policy keys make --as {approver}")
    secret = approver_key(key or settings.keys, approver)
    try:
        signed = approved(read_publication(file), listed[approver], secret.sign, now)
    except PolicySetInvalid as why:
        raise refuse(why) from None
    write_whole(file, signed)
    _tell(read_publication(file), why_not_approved(read_publication(file), listed, now))


def show(file: BundleFile, *, approvers: ApproversFile = None, as_json: AsJson = False) -> None:
    """What a bundle file holds, who approved it, and what is missing. Exit 3 if anything is."""
    settings, now = Settings(), clock()
    try:
        publication = read_publication(file)
    except PolicySetInvalid as why:
        raise refuse(why) from None
    missing = why_not_approved(publication, read_approvers(approvers or settings.approvers), now)
    if why_not := why_not_in_force(publication.manifest, now):
        missing.append(why_not)
    if as_json:
        told = {"manifest": publication.manifest, "report": publication.report}
        say({**told, "approvals": list(approvals(publication)), "missing": missing})
    else:
        _tell(publication, missing)
    raise typer.Exit(FOUND_SOMETHING if missing else 0)


def _tell(publication: Publication, missing: list[str]) -> None:
    manifest = publication.manifest
    until = f" until {manifest.until.isoformat()}" if manifest.until else ""
    typer.echo(f"version   {manifest.version}")
    typer.echo(f"follows   {manifest.previous}")
    typer.echo(f"author    {manifest.author}")
    typer.echo(f"in force  from {manifest.since.isoformat()}{until}")
    typer.echo(f"approved  {', '.join(approvals(publication)) or 'by nobody yet'}")
    for each in missing:
        typer.echo(f"missing   {each}")


def activate(file: BundleFile, *, approvers: ApproversFile = None) -> None:
    """Make an approved bundle live, at once and whole. Exit 3, and nothing changes, if refused."""
    settings = Settings()
    if settings.bundles is None:
        detail = "processes use the policies that ship: name a folder in BROKER_BUNDLES first"
        raise Misconfigured("no_bundles", detail)
    try:
        live = read_bundle(live_set(settings)).version
        publication = activated(
            file.read_bytes(),
            settings.bundles,
            live=live,
            approvers=read_approvers(approvers or settings.approvers),
            now=clock(),
        )
    except OSError as error:
        raise Misconfigured("no_bundle", f"{file}: {type(error).__name__}") from None
    except PolicySetInvalid as why:
        raise refuse(why) from None
    typer.echo(f"{publication.manifest.version} is live; processes take it up within seconds")


def moment(written: str) -> datetime:
    """An instant or a day, in UTC unless it says otherwise. Raises Misconfigured."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        detail = f"{written!r}: write 2026-11-28 or 2026-11-28T09:00:00+00:00"
        raise Misconfigured("no_date", detail) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
