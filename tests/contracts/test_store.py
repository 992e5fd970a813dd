"""One batch: all of it, or nothing. The same promises in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from broker.domain.batch import Batch
from broker.domain.rows import Rows
from broker.errors import OffsetMoved
from broker.intake import Intake
from broker.store.memory import MemoryStore
from broker.store.postgres import PostgresStore, pool_of
from tests.world import SCHOOL, World, batch_of, concern

AStore = Any


class CountingPostgres(PostgresStore):
    """Counts rows as the memory twin does."""

    async def counts(self) -> dict[str, int]:
        names = ("inbox", "decision", "outbox", "leaf_waiting", "quarantine", "subject")
        async with self._pool.connection() as connection:
            return {
                name: (await (await connection.execute(f"SELECT count(*) FROM {name}")).fetchone())[
                    0
                ]  # type: ignore[index]
                for name in names
            }


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[AStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    database = request.getfixturevalue("database")
    async with pool_of(database) as pool:
        yield CountingPostgres(pool)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_batch_leaves_decisions_outbox_and_leaves(store: AStore, world: World) -> None:
    tally = await world.intake(store).take_in(batch_of([world.record(concern())]))
    counts = await store.counts()
    assert tally.accepted == 1
    assert counts["inbox"] == 1
    assert counts["decision"] == 2  # hub and police, by duty; nobody else is related
    assert counts["outbox"] == 3  # two disclosures and the accepted receipt
    assert counts["leaf_waiting"] == 3  # received, and one for each decision


async def test_the_same_batch_again_is_refused_by_its_offset(store: AStore, world: World) -> None:
    batch = batch_of([world.record(concern())])
    intake = world.intake(store)
    await intake.take_in(batch)
    with pytest.raises(OffsetMoved):
        await intake.take_in(batch)


async def test_the_same_notification_twice_has_its_effects_once(
    store: AStore, world: World
) -> None:
    data = concern()
    token = world.token(data)
    records = [world.record(data, n, token=token) for n in range(3)]
    first = await world.intake(store).take_in(batch_of(records[:2]))
    second = await world.intake(store).take_in(batch_of(records[2:]))
    assert (first.accepted, first.repeated, second.repeated) == (1, 1, 1)
    assert (await store.counts())["inbox"] == 1


async def test_the_same_id_with_another_token_is_kept_for_a_person(
    store: AStore, world: World
) -> None:
    data = concern()
    records = [world.record(data, 0), world.record({**data, "level": "child_in_need"}, 1)]
    tally = await world.intake(store).take_in(batch_of(records))
    assert (tally.accepted, tally.quarantined) == (1, 1)


async def test_of_two_workers_with_the_same_batch_one_is_undone(
    store: AStore, world: World
) -> None:
    intake = world.intake(store)
    for n in range(8):
        batch = batch_of([world.record(concern(n), n)])
        results = await asyncio.gather(
            intake.take_in(batch), intake.take_in(batch), return_exceptions=True
        )
        assert sum(isinstance(result, OffsetMoved) for result in results) == 1, results
        assert (await store.counts())["inbox"] == n + 1


@pytest.mark.parametrize(
    "step", ["advance", "came_before", "known_about", "keep_apart", "write", "count"]
)
async def test_stopped_at_any_step_nothing_has_happened(
    store: AStore, world: World, step: str
) -> None:
    batch = batch_of([world.record(concern(), 0), world.record(concern(2), 1)])
    broken = replace(world.intake(store), store=Stopping(store, step))
    with pytest.raises(ConnectionResetError):
        await broken.take_in(batch)
    assert set((await store.counts()).values()) == {0}
    await world.intake(store).take_in(batch)
    assert (await store.counts())["inbox"] == 2


class Stopping:
    """A store that is cut off after one step."""

    def __init__(self, store: AStore, step: str) -> None:
        self._store, self._step = store, step

    async def next_offsets(self, topics: Any) -> Any:
        return await self._store.next_offsets(topics)

    def transaction(self) -> Any:
        return _StoppingTransaction(self._store.transaction(), self._step)


class _StoppingTransaction:
    def __init__(self, inner: Any, step: str) -> None:
        self._inner, self._step = inner, step

    async def __aenter__(self) -> "_StoppingTransaction":
        self._transaction = await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._inner.__aexit__(*error)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._transaction, name)

        async def then_stop(*given: Any) -> Any:
            done = await verb(*given)
            if name == self._step:
                raise ConnectionResetError
            return done

        return then_stop


async def test_a_child_met_twice_in_one_batch_is_one_subject(store: AStore, world: World) -> None:
    records = [world.record(concern(n), n) for n in range(2)]
    await world.intake(store).take_in(batch_of(records))
    subjects = await _subjects(store)
    assert len(subjects) == 1


async def test_a_siblings_number_on_the_form_does_not_join_two_children(
    store: AStore, world: World
) -> None:
    other = concern(2, given_name="Teo", birth_date="2019-09-01")
    await world.intake(store).take_in(
        batch_of([world.record(concern(), 0), world.record(other, 1)])
    )
    assert len(await _subjects(store)) == 2


async def _subjects(store: AStore) -> set[str]:
    if isinstance(store, MemoryStore):
        return {str(row[6]) for rows in store.tables.rows for row in rows.inbox}
    async with store._pool.connection() as connection:
        found = await (await connection.execute("SELECT DISTINCT subject FROM inbox")).fetchall()
    return {row[0] for row in found}


async def test_bad_input_is_kept_apart_and_the_good_beside_it_passes(
    store: AStore, world: World
) -> None:
    forged = world.record(concern(2), 1, signed_by=SCHOOL)
    tally = await world.intake(store).take_in(
        batch_of([world.record(concern(), 0), forged, world.record(concern(3), 2)])
    )
    assert (tally.accepted, tally.quarantined) == (2, 1)


async def test_eight_writers_meeting_one_new_child_make_one_subject(
    database: str, world: World
) -> None:
    async with pool_of(database, most=8) as pool:
        store = CountingPostgres(pool)
        intake = world.intake(store)
        batches: list[Batch] = [
            replace(batch_of([world.record(concern(n), n)]), partition=n, first=n) for n in range(8)
        ]
        await asyncio.gather(*(_persist(intake, batch) for batch in batches))
        counts = await store.counts()
    assert counts["inbox"] == 8
    assert counts["subject"] == 1


async def _persist(intake: Intake, batch: Batch) -> None:
    await intake.take_in(batch)


def test_the_rows_of_a_table_have_a_list_each() -> None:
    from broker.domain.rows import COLUMNS

    assert set(COLUMNS) == set(Rows.__dataclass_fields__)
