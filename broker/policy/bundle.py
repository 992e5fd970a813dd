"""
The policies as one bundle: read, validated and linted as a whole, or not at all.

Anything wrong raises PolicySetInvalid, which says in which file and line, and what to write
instead.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from importlib.resources.abc import Traversable

import cedarpy

from broker.domain.ids import PolicyVersion
from broker.domain.known import Rules
from broker.domain.words import Category, Role
from broker.errors import PolicySetInvalid
from broker.policy.lint import Tree, facts_in, findings, named
from broker.policy.overlay import OVERLAYS, overlay_findings
from broker.policy.places import Finding, line_of_fault, line_of_policy, refused
from broker.policy.rules import FILES, LevelRules, RuleSet, rules_from

_SCHEMA = "schema.cedarschema"
_MATRIX = "matrix/default_matrix.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One policy set: its text, its sentences, its rules as data, and the hash of all of it."""

    version: PolicyVersion
    schema: str = field(repr=False)
    text: str = field(repr=False)
    sentences: Mapping[str, str] = field(repr=False)  # policy id: what a caseworker reads
    duties: Mapping[str, frozenset[str]] = field(repr=False)
    precedence: tuple[str, ...] = field(repr=False)  # how ids begin, highest rank first
    levels: LevelRules
    rules: Rules = field(repr=False)
    blind: frozenset[Category]
    matrix_roles: tuple[Role, ...]  # those that the signed matrix has a row for
    cedar: Mapping[str, str] = field(repr=False, default_factory=dict)  # Cedar text by file


def packaged() -> Traversable:
    """The policies that ship with the broker."""
    return files("policies")


def read_bundle(
    folder: Traversable | None = None, overlays: Mapping[str, Traversable] | None = None
) -> Bundle:
    """The bundle in `folder`, else the one that ships. Raises PolicySetInvalid."""
    bundle, found = examined(folder, overlays)
    if bundle is None:
        raise refused(found[0].reason, found)
    return bundle


def examined(
    folder: Traversable | None = None, overlays: Mapping[str, Traversable] | None = None
) -> tuple[Bundle | None, list[Finding]]:
    """
    The bundle, or every fault that keeps it from being one. `overlays` by name, beside those in
    the folder's own overlays/. Raises PolicySetInvalid where a file cannot be read at all.
    """
    root = folder or packaged()
    schema = _text(root, _SCHEMA)
    cedar = {name: _text(root, name) for name in sorted(_cedar_files(root, ""))}
    for name, place in (overlays or {}).items():
        files_of_it = sorted(_cedar_files(place, ""))
        cedar |= {f"{OVERLAYS}{name}/{each}": _text(place, each) for each in files_of_it}
    data = {name: _text(root, name) for name in FILES}
    _check_schema(schema)
    found, trees = [], {}
    try:
        written = rules_from(data)
    except PolicySetInvalid as why:
        written = None
        found += [each for each in why.found if isinstance(each, Finding)]
    for name, text in cedar.items():
        trees[name], wrong = _validated(name, text, schema)
        found += wrong
    ranks = written.precedence if written is not None else None
    found += findings(trees, cedar, facts_in(schema), ranks)
    if written is not None:
        below = written.levels.overlays_only_below
        found += overlay_findings(trees, cedar, schema, below)
    if written is None or found:
        return None, found
    return _bundle(root, schema=schema, cedar=cedar, data=data, written=written, trees=trees), []


def without_overlays(bundle: Bundle) -> Bundle:
    """What the partnership agreed, before an agency's own policies narrow it. Only to be asked."""
    cedar = {name: text for name, text in bundle.cedar.items() if not name.startswith(OVERLAYS)}
    return replace(bundle, cedar=cedar, text="\n".join(cedar.values()))


def _bundle(
    root: Traversable,
    *,
    schema: str,
    cedar: Mapping[str, str],
    data: Mapping[str, str],
    written: RuleSet,
    trees: Mapping[str, Tree],
) -> Bundle:
    annotated = [policy.annotations for tree in trees.values() for policy in tree.values()]
    return Bundle(
        version=_version({_SCHEMA: schema, **cedar, **data}),
        schema=schema,
        text="\n".join(cedar.values()),
        sentences={said["id"]: said["explain"] for said in annotated},
        duties={
            said["id"]: frozenset(said["duty"].split()) for said in annotated if "duty" in said
        },
        precedence=written.precedence,
        levels=written.levels,
        rules=written.rules,
        blind=written.blind,
        matrix_roles=_matrix_roles(root),
        cedar=cedar,
    )


def _text(root: Traversable, name: str) -> str:
    try:
        return root.joinpath(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicySetInvalid("policy_file", f"{name}: {type(error).__name__}") from None


def _matrix_roles(root: Traversable) -> tuple[Role, ...]:
    try:
        return tuple(map(Role, json.loads(_text(root, _MATRIX))["roles"]))
    except (ValueError, KeyError, TypeError) as error:
        raise PolicySetInvalid("policy_file", f"{_MATRIX}: {error}") from None


def _cedar_files(folder: Traversable, under: str) -> Iterator[str]:
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise PolicySetInvalid("policy_file", f"{folder}: {type(error).__name__}") from None
    for each in entries:
        if each.is_dir():
            yield from _cedar_files(each, f"{under}{each.name}/")
        elif each.name.endswith(".cedar"):
            yield under + each.name


def _version(written: Mapping[str, str]) -> PolicyVersion:
    """SHA-256 over all that an answer may depend on; each name and text with its length."""
    digest = hashlib.sha256()
    for name in sorted(written):
        for part in (name.encode(), written[name].encode()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return PolicyVersion(digest.hexdigest())


def _check_schema(schema: str) -> None:
    try:
        cedarpy.Schema.from_str(schema)
    except ValueError as error:
        raise PolicySetInvalid("policies_do_not_validate", f"{_SCHEMA}: {error}") from None


def _validated(name: str, text: str, schema: str) -> tuple[Tree, list[Finding]]:
    """The file's policies as a syntax tree, and what Cedar finds wrong with them."""
    try:
        parsed = cedarpy.PolicySet.from_str(text).to_pst()
    except ValueError as error:
        return {}, [_not_valid(name, line_of_fault(text, str(error)), str(error))]
    found = []
    ids = {place: named(policy) for place, policy in parsed.static_policies.items()}
    for wrong in cedarpy.validate_policies(text, schema).errors:
        name_of = ids.get(wrong.policy_id, "")
        said = _with_ids(wrong.error, ids).removeprefix(f"for policy `{name_of}`: ")
        says = f"{name_of}: {said}: write words that {_SCHEMA} lists"
        found.append(_not_valid(name, line_of_policy(text, wrong.policy_id, str(wrong)), says))
    for place in parsed.templates:
        says = "write no template: a policy names a role"
        line = line_of_policy(text, place)
        found.append(Finding(reason="policy_lint", file=name, line=line, says=says))
    # What Cedar refuses is not looked at further: the lint would say the same in other words.
    return {} if found else parsed.static_policies, found


def _not_valid(name: str, line: int, says: str) -> Finding:
    return Finding(reason="policies_do_not_validate", file=name, line=line, says=says)


def _with_ids(error: str, ids: Mapping[str, str]) -> str:
    """Cedar names a policy by its place in the text, as `policy0`; people by its @id."""
    for place in sorted(ids, key=len, reverse=True):
        error = error.replace(f"[{place}] ", "").replace(f"`{place}`", f"`{ids[place]}`")
    return error
