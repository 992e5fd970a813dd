"""
What governance asks of a policy set before anybody relies on it: does it validate, is it written in
the safe fragment and in Cedar's own layout, do its cases hold, is each policy named by a case, are
the signed sentences true? Everything that is wrong is found, not only the first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import cedarpy

from broker.domain.ids import PolicyVersion
from broker.errors import PolicySetInvalid
from broker.policy.bundle import Bundle, examined, packaged
from broker.policy.cases import Case, cases_in, determining, failures
from broker.policy.invariants import Invariant, counterexamples, invariants_in
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
    cases, faults = cases_in(root.joinpath(_CASES))
    signed, wrong = invariants_in(root.joinpath(_INVARIANTS))
    found += [*faults, *wrong]
    policies: Policies | None = None
    if bundle is not None:
        found += unformatted(bundle.cedar)
        try:
            policies = prepare(bundle)
        except PolicySetInvalid as why:
            found += placed(why, bundle)
    if bundle is None or policies is None:
        return Checked(
            version=None, policies=0, cases=(), unnamed=(), invariants=(), found=tuple(found)
        )
    runs = [(case, run_case(case, policies)) for case in cases]
    kept = [(file, run_invariant(invariant, policies)) for file, invariant in signed]
    unnamed = sorted(set(bundle.sentences) - {name for case in cases for name in case.because})
    found += _case_findings(root, runs)
    found += [_unnamed(bundle, policy) for policy in unnamed]
    found += [_false(file, run) for file, run in kept if run.counterexample is not None]
    return Checked(
        version=bundle.version,
        policies=len(bundle.sentences),
        cases=[run for _, run in runs],
        unnamed=unnamed,
        invariants=[run for _, run in kept],
        found=tuple(found),
    )


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


def _case_findings(root: Traversable, runs: Sequence[tuple[Case, CaseRun]]) -> Iterator[Finding]:
    for case, run in runs:
        if not run.problems:
            continue
        name = f"{_CASES}/{case.sentence.replace(' ', '-')}.json"
        text = root.joinpath(name).read_text(encoding="utf-8")
        for problem in run.problems:
            yield Finding(
                reason="policy_case",
                file=name,
                line=line_in_json(text, ValueError(problem)),
                says=f"{problem}: change the policies, or write what is to be told",
            )


def _unnamed(bundle: Bundle, policy: str) -> Finding:
    file, line = place_of(bundle, policy)
    says = f"no case names {policy}: write one in {_CASES}/ that it decides, or remove it"
    return Finding(reason="policy_case", file=file, line=line, says=says)


def _false(file: str, run: InvariantRun) -> Finding:
    says = f"not true: {run.sentence} {run.counterexample}: change the policies, or the sentence"
    return Finding(reason="policy_invariant", file=file, line=1, says=says)
