"""
The policies as the journey asks them: compiled when the bundle is read, the same rulings as Cedar
gives (cedar.py is the reference), some thousand times sooner. proof.py holds the two together.

A ruling is a function of its question for as long as the bundle stands, so each is remembered.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from broker.domain.decision import NO_PERMIT_APPLIES, Because, Question, Ruling
from broker.domain.ids import PolicyVersion
from broker.domain.known import Rules
from broker.domain.words import Category, Extent
from broker.errors import PolicyDisagrees, Unsupported
from broker.policy.bases import bases_for
from broker.policy.bundle import Bundle
from broker.policy.compile import compiled
from broker.policy.context import (
    FOLDED,
    Fold,
    agrees,
    facts_of,
    fold_of,
    groups_of,
    level_used,
    refuse_unknown,
    shared_facts,
)
from broker.policy.pages import Asked, Engine, Masks, Page, remember
from broker.policy.ranks import ranked

LADDER = (Extent.EXISTENCE, Extent.SUMMARY, Extent.FULL)
ACTIONS = tuple(f"tell_{extent.value}" for extent in LADDER)
_CATEGORIES = tuple(Category)
_MOST_REMEMBERED = 20_000  # some 60 MB; a partnership asks a few hundred different questions
_MOST_REASONS = 10_000
_PERMIT, _FORBID, _OVERRULED = range(3)

_Mark = tuple[int, int]
"""(a rule's rank, what it did): gave the extent, stopped more, or was overruled."""

_Marks = list[list[_Mark]]
"""For one recipient, by category."""


class CompiledPolicies:
    """A bundle, compiled and ready to be asked. Raises Unsupported naming the policy."""

    def __init__(self, bundle: Bundle, *, most_remembered: int = _MOST_REMEMBERED) -> None:
        self.bundle = bundle
        found = compiled(bundle.schema, bundle.text)
        if found.words.categories != _CATEGORIES:
            raise Unsupported("policies_do_not_compile", "schema: list the domain's categories")
        self.engine = Engine(found, ACTIONS, FOLDED)
        by_rank = ranked([rule.id for rule in found.rules], bundle.precedence)
        self._ids = tuple(by_rank)
        self._permits = tuple(rule.permits for rule in found.rules)
        self._ranks = tuple(by_rank.index(rule.id) for rule in found.rules)
        self._most = most_remembered
        self._remembered: dict[Question, Ruling] = {}
        self._reasons: dict[tuple[_Mark, ...], tuple[Because, frozenset[str]]] = {}
        self._places = _Places()

    @property
    def version(self) -> PolicyVersion:
        return self.bundle.version

    @property
    def rules(self) -> Rules:
        return self.bundle.rules

    @property
    def remembers(self) -> int:
        """How many rulings are remembered now."""
        return len(self._remembered)

    def decide(self, question: Question) -> Ruling:
        """Raises PolicyNotEvaluated if a fact is in no list: never a refusal, never a permit."""
        (ruling,) = self.decide_all((question,))
        return ruling

    def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
        """One notification's fan-out, or any questions: a ruling for each, in order."""
        known = {each: self._remembered.get(each) for each in questions}
        fresh = [question for question, ruling in known.items() if ruling is None]
        if fresh:
            for question, ruling in zip(fresh, self.rulings(fresh), strict=True):
                known[question] = ruling
                if self._most:
                    remember(self._remembered, question, ruling, most=self._most)
        return [known[question] for question in questions]  # type: ignore[misc]

    def rulings(self, questions: Sequence[Question]) -> list[Ruling]:
        """As decide_all, with nothing remembered."""
        rulings: dict[int, Ruling] = {}
        for page in self.pages(questions):
            rulings.update(zip(page.places, self.rulings_of(page, questions), strict=True))
        return [rulings[place] for place in range(len(questions))]

    def rulings_of(self, page: Page, questions: Sequence[Question]) -> list[Ruling]:
        """The rulings of one page of these questions, in the order of its places."""
        found = zip(page.places, self.engine.masks(page), self.reasons(page), strict=True)
        return [self._ruling(questions[place], masks, marks) for place, masks, marks in found]

    def masks(self, questions: Sequence[Question]) -> list[Masks]:
        """What passes, without because: three masks a question, a bit for each category in turn."""
        found: dict[int, Masks] = {}
        for page in self.pages(questions):
            found.update(zip(page.places, self.engine.masks(page), strict=True))
        return [found[place] for place in range(len(questions))]

    def pages(self, questions: Sequence[Question]) -> list[Page]:
        """The questions as lanes, for who asks one fan-out again. Raises PolicyNotEvaluated."""
        asked, folds = [], list[Fold]()
        known: dict[tuple[object, ...], Fold] = {}
        for each in questions:
            refuse_unknown(each)
            groups, facts = groups_of(each), facts_of(each, self.bundle.levels)
            asked.append(Asked(groups, facts))
            kind = (each.role, *shared_facts(facts))
            if kind not in known:
                fits = folds and agrees(folds[-1], each.role.value, facts)
                known[kind] = folds[-1] if fits else fold_of(each, self.bundle.levels)
            folds.append(known[kind])
        return self.engine.pages(asked, folds)

    def reasons(self, page: Page) -> list[_Marks]:
        """
        For each recipient of the page and each category: the rules that determined it. Raises
        PolicyDisagrees if they do not explain what is told.
        """
        found, which = self.engine.each(page)
        rules = sorted(zip(which, found, strict=True), key=lambda each: self._ranks[each[0]])
        permitted = reduce(or_, (lanes for rule, lanes in rules if self._permits[rule]), 0)
        forbidden = reduce(or_, (lanes for rule, lanes in rules if not self._permits[rule]), 0)
        allowed = permitted & ~forbidden
        if allowed != self.engine.answers(page):  # two programs of one set: what one tells, the
            raise PolicyDisagrees("policy_disagrees", "extents and because")  # other must explain
        gave = self.engine.highest(allowed)
        stopped = permitted & forbidden & self.engine.above(allowed)
        marks: list[_Marks] = [[[] for _ in _CATEGORIES] for _ in page.slots]
        for rule, lanes in rules:
            rank = self._ranks[rule]
            if self._permits[rule]:
                self._mark(marks, page, lanes & gave, (rank, _PERMIT))
                self._mark(marks, page, lanes & stopped, (rank, _OVERRULED))
            else:
                self._mark(marks, page, lanes & stopped, (rank, _FORBID))
        return marks

    def _mark(self, marks: Sequence[_Marks], page: Page, lanes: int, mark: _Mark) -> None:
        """Write the mark to every category of every recipient where it has a lane."""
        if not lanes:
            return
        for recipient, word in zip(marks, self.engine.cells(page, lanes), strict=True):
            if word:
                for category in self._places[word]:
                    recipient[category].append(mark)

    def _ruling(self, question: Question, masks: Masks, marks: _Marks) -> Ruling:
        full, summary, existence = masks
        extents = {}
        because = {}
        duties = frozenset[str]()
        bit = 1
        for category, of_category in zip(_CATEGORIES, marks, strict=True):
            if full & bit:
                extents[category] = Extent.FULL
            elif summary & bit:
                extents[category] = Extent.SUMMARY
            else:
                extents[category] = Extent.EXISTENCE if existence & bit else Extent.NOTHING
            marks_here = tuple(of_category)
            why = self._reasons.get(marks_here) or self._why(marks_here)
            because[category] = why[0]
            if why[1]:
                duties |= why[1]
            bit <<= 1
        level = level_used(question, question.role, self.bundle.levels)
        return Ruling(
            extents=extents,
            because=because,
            duties=duties,
            bases=bases_for(question, level, extents, because, self.rules.bases),
            policy=self.version,
            level_used=level,
        )

    def _why(self, marks: tuple[_Mark, ...]) -> tuple[Because, frozenset[str]]:
        """The because that these marks make, with the duties of the policies that determined it."""
        did = {
            what: tuple(self._ids[rank] for rank, done in marks if done == what)
            for what in (_PERMIT, _FORBID, _OVERRULED)
        }
        because = Because(did[_PERMIT], did[_FORBID], did[_OVERRULED]) if marks else None
        determined = (*did[_PERMIT], *did[_FORBID])
        owed = frozenset().union(*(self.bundle.duties.get(each, ()) for each in determined))
        why = because or NO_PERMIT_APPLIES, owed
        remember(self._reasons, marks, why, most=_MOST_REASONS)
        return why


class _Places(dict[int, tuple[int, ...]]):
    """The places of the bits of a word of categories; at most one entry for each such word."""

    def __missing__(self, word: int) -> tuple[int, ...]:
        self[word] = tuple(place for place in range(word.bit_length()) if word >> place & 1)
        return self[word]
