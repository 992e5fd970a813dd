"""
Journeys that a practitioner can read: each file is one, its name the story.

    level, publisher, consent, gateway, incident, location, match    how the concern came
    confirms   <who>/<role>                                           who confirmed the level since
    schooling, excluded                                              what it says of the school
    recipient  <who>/<role>  <relationship> [conflict] [listed]       who has to do with the child
    raise      <categories>                                          what the concern holds
    tell       <who>/<role>  <category> <extent>, ...                all that this recipient is told
    refuse     <who>/<role>  ground <word>  because <policy>         told nothing, and why
    nobody     <who>/<role>                                          not even asked about

Every recipient that is asked about must be named, and every category told must be listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from broker.domain.batch import Disclosure, Genuine, Refusal
from broker.domain.identity import Name
from broker.domain.ids import NotificationId, OrganisationId, SubjectId
from broker.domain.known import Known, Relationship
from broker.domain.sharing import Author, Confirmation, Sharing
from broker.domain.words import Category, Extent, RelationshipKind, Role
from broker.identity.profile import registered
from broker.journey import carry, recognise
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from tests.world import DIRECTORY, LONG_AGO, MATCHING, NOW, World, batch_of, concern

HERE = Path(__file__).parent
WHO = {
    "hub": "org:la:999",
    "council": "org:la:999",
    "social-work": "org:local:marlhaven-social-work",
    "police": "org:force:99",
    "hospital": "org:ods:RZZ",
    "community-health": "org:ods:RYY",
    "practice": "org:ods:Y99999",
    "primary": "org:school:999001",
    "academy": "org:school:999002",
    "academy-deputy": "org:local:marlhaven-academy-deputy",
    "education": "org:local:marlhaven-education",
}
PARTS: dict[str, dict[str, Any]] = {
    "protected_location": {"summary": {"kind": "refuge"}, "full": {"words": "words"}},
    "childs_voice": {"summary": {"heard": "yes"}, "full": {"words": "words"}},
    "child_health": {"summary": {"setting": "ward"}, "full": {"words": "words"}},
    "adult_health": {
        "summary": {"adults": [{"relation": "mother", "kinds": ["alcohol"]}]},
        "full": {"words": "words"},
    },
    "police_incident": {"summary": {"kind": "other"}, "full": {"words": "words"}},
    "police_intelligence": {
        "summary": {"source_grade": "2", "information_grade": "C", "handling": "P"},
        "full": {"words": "words"},
    },
    "family": {"summary": {"people": [{"relation": "mother"}]}, "full": {"words": "words"}},
    "referrer": {"summary": {"source": "1B"}, "full": {"name": "A Neighbour"}},
}
CHILD = SubjectId("s_child")


@dataclass(slots=True)
class Story:
    said: dict[str, str] = field(default_factory=dict)
    recipients: list[tuple[str, str, list[str]]] = field(default_factory=list)
    tell: dict[str, dict[Category, Extent]] = field(default_factory=dict)
    refuse: dict[str, tuple[str, str]] = field(default_factory=dict)
    nobody: set[str] = field(default_factory=set)


def told_by(name: str) -> str:
    who, _, role = name.partition("/")
    return f"{WHO[who]} {role}"


def read_story(text: str) -> Story:
    story = Story()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        first, _, others = rest.strip().partition(" ")
        match word:
            case "recipient":
                who, _, role = first.partition("/")
                story.recipients.append((WHO[who], role, others.split()))
            case "tell":
                pairs = [each.split() for each in others.split(",")]
                extents = {Category(category): Extent(extent) for category, extent in pairs}
                story.tell[told_by(first)] = extents
            case "refuse":
                _, ground, _, policy = others.split()
                story.refuse[told_by(first)] = (ground, policy)
            case "nobody":
                story.nobody.add(told_by(first))
            case _:
                story.said[word] = rest.strip()
    return story


def genuine_from(story: Story) -> Genuine:
    level, state = story.said["level"].split()
    raised = [name.strip() for name in story.said["raise"].split(",")]
    categories = {name: PARTS[name] for name in raised if name in PARTS}
    if "police_incident" in categories:
        kind = {"kind": story.said.get("incident", "other")}
        categories["police_incident"] = {**categories["police_incident"], "summary": kind}
    if "schooling" in story.said:
        categories["education"] = {"summary": {"status": story.said["schooling"]}}
    excluded = [
        {"organisation": organisation, "why": "relative_there"}
        for organisation, _, how in story.recipients
        if "conflict" in how
    ]
    for name in story.said.get("excluded", "").split():
        excluded.append({"organisation": WHO[name], "why": "relative_there"})
    listed = [organisation for organisation, _, how in story.recipients if "listed" in how]
    routing: dict[str, Any] = {
        "consent_state": story.said.get("consent", "not_sought_impracticable"),
        "location_protected": story.said.get("location") == "protected",
    }
    routing |= {"gateway": story.said["gateway"]} if "gateway" in story.said else {}
    routing |= {"excluded": excluded} if excluded else {}
    routing |= {"allow_list": listed} if listed else {}
    publisher = OrganisationId(WHO[story.said["publisher"]])
    data = concern(publisher=publisher, level=level, categories=categories, routing=routing)
    data["level_state"] = state
    world = World()
    record = world.record(data)
    return world.read(record, batch_of([record], publisher=publisher))


def known_from(story: Story, genuine: Genuine) -> Known:
    held = registered(CHILD, genuine.asked)
    if story.said.get("match") == "doubtful":  # the number is hers; the name and birth date are not
        held = replace(held, names=[Name(forename="other", surname="other")], birth="2001-02-03")
    relationships = [
        Relationship(
            organisation=OrganisationId(organisation),
            role=Role(role),
            kind=RelationshipKind(how[0]),
            since=LONG_AGO,
        )
        for organisation, role, how in story.recipients
    ]
    return Known(
        now=NOW,
        sharing={CHILD: sharing_of(story, genuine)},
        unused={genuine.notification.id: SubjectId("s_new")},
        found=dict.fromkeys(genuine.keys.asked, frozenset({CHILD})),
        profiles={CHILD: held},
        relationships={CHILD: relationships},
    )


def sharing_of(story: Story, genuine: Genuine) -> Sharing:
    if "confirms" not in story.said:
        return Sharing()
    who, _, role = story.said["confirms"].partition("/")
    confirmed = Confirmation(
        id=NotificationId("confirmed"),
        by=Author(person="p", organisation=OrganisationId(WHO[who]), role=Role(role)),
        made=LONG_AGO,
        recorded=LONG_AGO,
        concern=genuine.notification.thread,
        level=genuine.notification.level,
    )
    return Sharing(confirmations=(confirmed,))


def stories() -> Iterator[Path]:
    yield from sorted(HERE.glob("*.journey"))


@pytest.mark.parametrize("path", list(stories()), ids=lambda path: path.stem)
def test_journey(path: Path) -> None:
    story = read_story(path.read_text(encoding="utf-8"))
    policies = CompiledPolicies(read_bundle())
    genuine = genuine_from(story)
    (outcome,) = carry(
        [genuine],
        recognise([genuine], known_from(story, genuine), MATCHING),
        policies=policies,
        rules=policies.rules,
        directory=read_partnership(DIRECTORY).directory(),
    )
    told = {
        f"{result.decision.recipient.organisation} {result.decision.recipient.role.value}": result
        for result in outcome.results
    }
    assert set(told) == set(story.tell) | set(story.refuse)
    assert not set(told) & story.nobody
    for name, extents in story.tell.items():
        assert as_told(told[name]) == extents, name
    for name, (ground, policy) in story.refuse.items():
        refusal = told[name]
        assert isinstance(refusal, Refusal), name
        because = refusal.decision.ruling.because.values()
        assert refusal.ground == ground
        assert policy in {each for one in because for each in (*one.permits, *one.forbids)}


def as_told(result: Disclosure | Refusal) -> dict[Category, Extent]:
    """What a recipient really gets: the claims that pass, and what is told as existence."""
    assert isinstance(result, Disclosure)
    found = dict.fromkeys(result.held, Extent.EXISTENCE)
    for name in result.claims:
        category, _, part = name.partition(".")
        found[Category(category)] = max(Extent(part), found.get(Category(category), Extent.NOTHING))
    return found
