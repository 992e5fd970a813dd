"""
What governance asks of a policy set before anybody relies on it: does it validate, is it written in
the safe fragment and in Cedar's own layout, do its cases hold, is each policy named by a case, are
the signed sentences true? Everything that is wrong is found, not only the first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable

import cedarpy

from broker.domain.ids import PolicyVersion
from broker.errors import PolicySetInvalid
from broker.policy.bundle import Bundle, examined, packaged, without_overlays
from broker.policy.cases import Case, cases_in, determining, failures
from broker.policy.invariants import Invariant, counterexamples, invariants_in
from broker.policy.overlay import OVERLAYS
from broker.policy.places import Finding, line_in_json, line_of_id
from broker.ports import Policies

WIDTH, INDENT = 110, 2
_CASES, _INVARIANTS = "cases", "invariants"

Prepare = Callable[[Bundle], Policies]
"""Makes a bundle ready to be asked. Raises PolicySetInvalid if it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRun:
    """One case, the policies that decided it, and what is not as it says."""

    sentence: str
    because: Sequence[str]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantRun:
    """One signed sentence, the questions it spans, and one for which it is false."""

    sentence: str
    questions: int
    counterexample: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All that was looked at. `version` is None where the set does not even read."""

    version: PolicyVersion | None
    policies: int
    cases: Sequence[CaseRun]
    unnamed: Sequence[str]  # policies that no case names
    invariants: Sequence[InvariantRun]
    found: Sequence[Finding]


def check(
    folder: Traversable | None,
    prepare: Prepare,
    overlays: Mapping[str, Traversable] | None = None,
) -> Checked:
    """Raises PolicySetInvalid only where there is no policy set at all."""
    root = folder or packaged()
    bundle, found = examined(root, overlays)
    signed, faults = invariants_in(root.joinpath(_INVARIANTS))
    found += faults
    shelves = [_Shelf(_CASES, root.joinpath(_CASES)), *_overlay_cases(root, overlays or {})]
    found += [fault for shelf in shelves for fault in shelf.faults]
    asked = _prepared(bundle, prepare, found) if bundle is not None else None
    if bundle is None or asked is None:
        return _nothing_asked(found)
    agreed, narrowed = asked
    found += unformatted(bundle.cedar)
    runs: list[CaseRun] = []
    for shelf in shelves:
        # What was agreed is held to its cases as agreed: an overlay may narrow what they expect.
        policies = agreed if shelf.name == _CASES else narrowed
        ran = [(case, run_case(case, policies)) for case in shelf.cases]
        found += shelf.findings(ran)
        runs += [run for _, run in ran]
    kept = [(file, run_invariant(invariant, narrowed)) for file, invariant in signed]
    found += [_false(file, run) for file, run in kept if run.counterexample is not None]
    named = {policy for shelf in shelves for case in shelf.cases for policy in case.because}
    unnamed = sorted(set(bundle.sentences) - named)
    found += [_unnamed(bundle, policy) for policy in unnamed]
    return Checked(
        version=bundle.version,
        policies=len(bundle.sentences),
        cases=runs,
        unnamed=unnamed,
        invariants=[run for _, run in kept],
        found=tuple(found),
    )


def _prepared(
    bundle: Bundle, prepare: Prepare, found: list[Finding]
) -> tuple[Policies, Policies] | None:
    """(as agreed, with the overlays); None, and why in `found`, if the set cannot be asked."""
    try:
        narrowed = prepare(bundle)
        agreed = without_overlays(bundle)
        return (narrowed if agreed.cedar == bundle.cedar else prepare(agreed)), narrowed
    except PolicySetInvalid as why:
        found += placed(why, bundle)
        return None


def _nothing_asked(found: Sequence[Finding]) -> Checked:
    return Checked(
        version=None, policies=0, cases=(), unnamed=(), invariants=(), found=tuple(found)
    )


class _Shelf:
    """One folder of cases, by the name that its findings carry."""

    def __init__(self, name: str, folder: Traversable) -> None:
        self.name, self._folder = name, folder
        self.cases, faults = cases_in(folder)
        self.faults = [replace(fault, file=f"{name}{fault.file[len(folder.name):]}")
                       for fault in faults]  # fmt: skip

    def findings(self, runs: Sequence[tuple[Case, CaseRun]]) -> Iterator[Finding]:
        for case, run in runs:
            name = f"{case.sentence.replace(' ', '-')}.json"
            for problem in run.problems:
                text = self._folder.joinpath(name).read_text(encoding="utf-8")
                yield Finding(
                    reason="policy_case",
                    file=f"{self.name}/{name}",
                    line=line_in_json(text, ValueError(problem)),
                    says=f"{problem}: change the policies, or write what is to be told",
                )


def _overlay_cases(root: Traversable, given: Mapping[str, Traversable]) -> Iterator[_Shelf]:
    """An overlay brings its own cases, if its folder has a folder of them."""
    here = root.joinpath(OVERLAYS.rstrip("/"))
    own = {each.name: each for each in here.iterdir() if each.is_dir()} if here.is_dir() else {}
    for name, folder in {**own, **given}.items():
        if folder.joinpath(_CASES).is_dir():
            yield _Shelf(f"{OVERLAYS}{name}/{_CASES}", folder.joinpath(_CASES))


def run_case(case: Case, policies: Policies) -> CaseRun:
    return CaseRun(
        sentence=case.sentence,
        because=sorted(determining(case, policies)),
        problems=failures(case, policies),
    )


def run_invariant(invariant: Invariant, policies: Policies) -> InvariantRun:
    return InvariantRun(
        sentence=invariant.sentence,
        questions=invariant.size,
        counterexample=next(counterexamples(invariant, policies), None),
    )


def unformatted(cedar: Mapping[str, str]) -> Iterator[Finding]:
    """Files that are not as Cedar's own formatter writes them, at the first line that differs."""
    for name, text in cedar.items():
        wanted = cedarpy.format_policies(text, WIDTH, INDENT).strip().split("\n")
        written = text.strip().split("\n")
        if wanted == written:
            continue
        pairs = zip(written, wanted, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(written), len(wanted)))
        instead = wanted[same].strip() if same < len(wanted) else "nothing more"
        before = len(text) - len(text.lstrip())
        yield Finding(
            reason="policy_format",
            file=name,
            line=same + 1 + text[:before].count("\n"),
            says=f"format it: write {instead!r}: format_policies(text, {WIDTH}, {INDENT})",
        )


def placed(why: PolicySetInvalid, bundle: Bundle) -> list[Finding]:
    """An error about a whole bundle, at the line of each policy that it names by its @id."""
    if why.found:
        return [each for each in why.found if isinstance(each, Finding)]
    named = max((one for one in bundle.sentences if one in why.detail), key=len, default="")
    file, line = place_of(bundle, named)
    return [Finding(reason=why.reason, file=file, line=line, says=why.detail)]


def place_of(bundle: Bundle, policy: str) -> tuple[str, int | None]:
    """(file, line) of a policy of the bundle."""
    for name, text in bundle.cedar.items():
        if (line := line_of_id(text, policy)) is not None:
            return name, line
    return "the bundle", None


def _unnamed(bundle: Bundle, policy: str) -> Finding:
    file, line = place_of(bundle, policy)
    says = f"no case names {policy}: write one in {_CASES}/ that it decides, or remove it"
    return Finding(reason="policy_case", file=file, line=line, says=says)


def _false(file: str, run: InvariantRun) -> Finding:
    says = f"not true: {run.sentence} {run.counterexample}: change the policies, or the sentence"
    return Finding(reason="policy_invariant", file=file, line=1, says=says)
