"""The parts that `make run` and `make test` find on a machine: what they choose, keep and end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.kafka import answers, kafka
from deploy.local.parts import (
    PartUnavailable,
    RunningKafka,
    RunningPostgres,
    end_leftover,
    start,
    stop,
    wait_until,
)
from deploy.local.postgres import fresh_database, postgres
from deploy.local.run import database, only_one, spool
from tests.environment import REPOSITORY, in_ci, short_folder

JARS = REPOSITORY / "var"


def a_sleeper(note: Path) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    return start(words, note=note, log=note.with_suffix(".log"))


def rows(dsn: str) -> int:
    """How many rows there are, after adding one."""
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    return int(found[0]) if found else 0


def kill_what_is_noted(note: Path) -> None:
    os.kill(int(note.read_text().split()[0]), signal.SIGKILL)


def programs(folder: Path, *names: str, exit_code: int = 1) -> None:
    """Programs of these names that say nothing and fail."""
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\nexit {exit_code}\n")
        (folder / name).chmod(0o755)


def test_what_a_killed_run_left_behind_is_ended(tmp_path: Path) -> None:
    note = tmp_path / "part.pid"
    child = a_sleeper(note)
    assert end_leftover(note)
    assert child.wait(5) == -signal.SIGTERM
    assert not note.exists()


@pytest.mark.parametrize("began", ["gone", "some-other-boot/1"])
def test_a_process_id_that_others_use_now_is_left_alone(tmp_path: Path, began: str) -> None:
    theirs = a_sleeper(tmp_path / "theirs.pid")
    try:
        note = tmp_path / "part.pid"
        note.write_text(f"{theirs.pid} {began}\n")
        assert not end_leftover(note)
        assert theirs.poll() is None
    finally:
        stop(theirs, note=tmp_path / "theirs.pid")


def test_two_runs_never_share_a_data_folder(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(PartUnavailable, match="another run"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass


def test_what_was_given_is_used_and_nothing_is_started(tmp_path: Path) -> None:
    with (
        kafka("kafka.example:9092", tmp_path, pytest.fail) as bus,
        postgres("host=db.example", tmp_path, pytest.fail) as base,
    ):
        assert (bus.bootstrap, bus.kind) == ("kafka.example:9092", "given")
        assert (base.dsn, base.kind) == ("host=db.example", "given")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("here", "why"),
    [
        ((), ("needs Java 17", "Docker is not installed")),
        (("java", "docker"), ("needs Java 17", "no engine answers")),
    ],
)
def test_without_java_or_docker_kafka_is_in_process_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Sequence[str], why: Sequence[str]
) -> None:
    programs(tmp_path, *here)
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with kafka("", tmp_path / "data", said.append) as found:
        assert found.kind == "in-process"
        assert answers(found.bootstrap)
    for sentence in (*why, "keeps nothing"):
        assert any(sentence in each for each in said), said
    assert wait_until(lambda: not answers(found.bootstrap), 5)


def test_kept_topics_are_never_exchanged_for_an_empty_kafka(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "formatted").touch()
    monkeypatch.setenv("PATH", "/nowhere")
    with (
        pytest.raises(PartUnavailable, match="need Apache Kafka here"),
        kafka("", tmp_path, list[str]().append),
    ):
        pass


def test_with_a_kafka_that_keeps_nothing_the_database_and_spool_begin_anew(
    tmp_path: Path, postgres_here: RunningPostgres
) -> None:
    forgets = RunningKafka(bootstrap="", kind="in-process", note="")
    if postgres_here.kind == "given":
        assert database(forgets, postgres_here) == postgres_here.dsn
        return
    for _ in range(2):
        (spool(forgets, tmp_path)).mkdir()
        assert rows(database(forgets, postgres_here)) == 1


def test_apache_kafka_keeps_its_records_through_kill_9(tmp_path: Path) -> None:
    said: list[str] = []
    with kafka("", tmp_path, said.append, jars_in=JARS) as found:
        if found.kind != "apache":
            assert not in_ci(), said
            return
        admin = AdminClient({"bootstrap.servers": found.bootstrap})
        made = admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
        made["kept"].result(20)
        producer = Producer({"bootstrap.servers": found.bootstrap, "acks": "all"})
        producer.produce("kept", b"a record")
        assert producer.flush(20) == 0
        kill_what_is_noted(tmp_path / "kafka" / "kafka.pid")
    with kafka("", tmp_path, said.append, jars_in=JARS) as again:
        assert again.kind == "apache", said
        reader = Consumer(
            {
                "bootstrap.servers": again.bootstrap,
                "group.id": "test",
                "auto.offset.reset": "earliest",
            }
        )
        reader.subscribe(["kept"])
        record = reader.poll(30)
        reader.close()
        assert record is not None
        assert record.value() == b"a record"
    assert not answers(again.bootstrap)


def test_postgresql_keeps_its_rows_through_a_stop_and_through_kill_9() -> None:
    with short_folder() as data:
        for count in (1, 2, 3):
            with postgres("", data, list[str]().append) as found:
                assert rows(fresh_database(found, "kept")) == count
                if count == 2:
                    kill_what_is_noted(data / "postgres" / "postgres.pid")


def test_postgresql_is_reached_by_nobody_else() -> None:
    """No port, a socket in a private folder, and a password even there."""
    with short_folder() as data, postgres("", data, list[str]().append) as found:
        settings = psycopg.conninfo.conninfo_to_dict(found.dsn)
        with psycopg.connect(found.dsn, dbname="postgres") as connection:
            for name, wanted in (
                ("listen_addresses", ""),
                ("synchronous_commit", "on"),
                ("fsync", "on"),
                ("data_checksums", "on"),
            ):
                shown = connection.execute(f"SHOW {name}".encode()).fetchone()
                assert shown == (wanted,), name
        folder = Path(str(settings["host"]))
        assert folder.stat().st_mode & 0o777 == 0o700
        cluster = data / "postgres" / "data"
        assert cluster.stat().st_uid != 0
        assert cluster.stat().st_mode & 0o777 == 0o700
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(found.dsn, dbname="postgres", password=settings["user"])
    assert not folder.exists()


def test_a_database_that_was_cut_short_while_being_made_is_made_again() -> None:
    with short_folder() as data:
        half = data / "postgres" / "data.making"
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("15\n")
        with postgres("", data, list[str]().append) as found:
            assert rows(fresh_database(found, "kept")) == 1


def test_data_of_a_version_that_is_not_here_is_refused_and_kept() -> None:
    with short_folder() as data:
        cluster = data / "postgres" / "data"
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text("9\n")
        with (
            pytest.raises(PartUnavailable, match="needs PostgreSQL 9"),
            postgres("", data, list[str]().append),
        ):
            pass
        assert (cluster / "PG_VERSION").read_text() == "9\n"
