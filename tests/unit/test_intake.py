"""Bad input: turned away or kept apart with a reason that a person can act on."""

from typing import Any

import pytest

from broker.domain.batch import Received
from broker.domain.words import Lane
from broker.errors import Rejected
from tests.world import HOSPITAL, SCHOOL, World, batch_of, concern, example


@pytest.fixture
def world() -> World:
    return World()


def reason_of(world: World, record: Received, **where: Any) -> str:
    with pytest.raises(Rejected) as refused:
        world.read(record, batch_of([record], **where))
    assert "Mara" not in str(refused.value)
    return refused.value.reason


def test_an_unknown_level_names_the_path_and_not_the_value(world: World) -> None:
    record = world.record({**concern(), "level": "dreadful"})
    with pytest.raises(Rejected) as refused:
        world.read(record, batch_of([record]))
    assert (refused.value.reason, refused.value.detail) == ("schema", "/level: enum")


def test_an_unknown_category_is_refused(world: World) -> None:
    data = concern()
    data["categories"]["gossip"] = {"summary": {}}
    assert reason_of(world, world.record(data)) == "claim_name"


def test_a_topic_that_is_not_the_publishers_own(world: World) -> None:
    record = world.record(concern(publisher=SCHOOL))
    assert reason_of(world, record, publisher=HOSPITAL) == "cannot_unseal"


def test_a_token_of_another_publisher_on_ones_own_topic(world: World) -> None:
    record = world.record({**concern(), "iss": HOSPITAL}, signed_by=SCHOOL)
    assert reason_of(world, record) in {"wrong_issuer", "not_their_topic"}


def test_a_school_that_calls_itself_police_is_not_believed(world: World) -> None:
    """Operation Encompass is opened by police alone: the directory says who they are."""
    record = world.record({**concern(publisher=SCHOOL), "agency": "police"})
    assert reason_of(world, record, publisher=SCHOOL) == "not_their_agency"


def test_a_claim_that_was_taken_away(world: World) -> None:
    data = concern()
    token = world.token(data)
    parts = token.split("~")
    record = world.record(data, token="~".join([parts[0], *parts[2:]]))
    assert reason_of(world, record) == "incomplete_disclosures"


def test_an_emergency_on_the_routine_lane(world: World) -> None:
    assert reason_of(world, world.record(concern(level="emergency"))) == "wrong_lane"
    record = world.record(concern(level="emergency"))
    world.read(record, batch_of([record], lane=Lane.EMERGENCY))


def test_what_is_not_sealed_at_all(world: World) -> None:
    record = Received(offset=0, headers={"ce_id": "x", "ce_subject": "y"}, value=b"{}")
    assert reason_of(world, record) == "not_sealed"


def test_headers_that_do_not_fit_the_token(world: World) -> None:
    record = world.record(concern())
    other = Received(
        offset=0, headers={**record.headers, "ce_subject": "ps:other"}, value=record.value
    )
    assert reason_of(world, other) == "subject_differs_from_header"


@pytest.mark.parametrize(
    "name",
    [
        "child-not-known",
        "hospital-concern",
        "police-domestic-abuse",
        "referral-recorded",
        "school-concern",
    ],
)
def test_the_examples_of_the_schema_are_read(world: World, name: str) -> None:
    from broker.domain.words import EventType
    from broker.schemas import fault_in

    assert fault_in(EventType.CONCERN_RAISED, example(name)["data"]) is None


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("who", ("categories", "identity", "summary", "known")),
        ("worry", ("categories", "narrative", "full", "words")),
        ("level", ("level",)),
        ("when", ("categories", "narrative", "summary", "occurred")),
        ("family", ("family", "may_be_told")),
        ("reply", ("categories", "narrative", "full", "reply")),
    ],
)
def test_without_any_of_the_six_things_a_persons_concern_is_invalid(
    said: str, path: tuple[str, ...]
) -> None:
    from broker.domain.words import EventType
    from broker.schemas import fault_in

    data = example("child-not-known")["data"]
    place = data
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    assert fault_in(EventType.CONCERN_RAISED, data) is not None, said
