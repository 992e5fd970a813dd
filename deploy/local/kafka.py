"""
Kafka for this machine: BROKER_KAFKA, else Apache Kafka on loopback, else Docker, else librdkafka's
in-process broker, which keeps nothing. Says what it chose, and why not what comes before.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.parts import (
    PartUnavailable,
    RunningKafka,
    end_leftover,
    free_port,
    last_lines,
    start,
    stop,
    wait_until,
)

HERE = Path(__file__).parent.parent
POM = HERE / "kafka" / "pom.xml"
COMPOSE = HERE / "compose.yaml"
OLDEST_JAVA = 17
Say = Callable[[str], None]

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.hours=168
message.max.bytes=1048576
"""


@contextmanager
def kafka(
    given: str, data: Path, say: Say, *, jars_in: Path | None = None
) -> Iterator[RunningKafka]:
    """
    The first that can be had. It is stopped at the end, unless it was given. Its jars are kept in
    the data folder, or in another that several share. Raises PartUnavailable.
    """
    if given:
        yield RunningKafka(bootstrap=given, kind="given", note="BROKER_KAFKA")
        return
    choices: tuple[Callable[[], AbstractContextManager[RunningKafka]], ...] = (
        lambda: _apache(data, jars_in or data, say),
        lambda: _docker(data, say),
        lambda: _in_process(say),
    )
    with ExitStack() as running:
        for choice in choices:
            try:
                found = running.enter_context(choice())
            except PartUnavailable as why:
                if _formatted(data).exists():  # PostgreSQL knows how far its topics were read
                    raise PartUnavailable(
                        f"Kafka: {why}\nThe topics kept in {data / 'kafka'} need Apache Kafka here;"
                        " to begin again with something else, set BROKER_DATA to a new folder"
                    ) from why
                say(f"Kafka: {why}")
            else:
                break
        else:
            raise PartUnavailable("no Kafka can be run here; set BROKER_KAFKA to a cluster")
        yield found


def _formatted(data: Path) -> Path:
    """There once Kafka's storage is whole, however its making may have been killed before."""
    return data / "kafka" / "formatted"


def jars(data: Path, say: Say) -> Path:
    """The folder of Kafka's jars, resolved by Maven once for each change of pom.xml."""
    if shutil.which("mvn") is None:
        raise PartUnavailable("Maven is not installed, so Apache Kafka cannot be fetched")
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    folder = data / "kafka" / f"jars-{wanted}"
    if (folder / "complete").exists():
        return folder
    say("Kafka: Maven is fetching Apache Kafka's jars (once; about 45 MB) ...")
    told = subprocess.run(
        [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        why = next((line for line in told.stdout.splitlines() if "ERROR" in line), "")
        raise PartUnavailable(f"Maven could not resolve Apache Kafka: {why[:200]}")
    (folder / "complete").touch()
    return folder


def java_version() -> int:
    """The machine's Java; 0 if there is none."""
    if shutil.which("java") is None:
        return 0
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return int(found[1]) if found else 0


@contextmanager
def _apache(data: Path, jars_in: Path, say: Say) -> Iterator[RunningKafka]:
    java = java_version()
    if java < OLDEST_JAVA:
        raise PartUnavailable(
            f"Apache Kafka needs Java {OLDEST_JAVA} or later, here is {java or 'none'}"
        )
    classpath = f"{jars(jars_in, say)}/*"
    home = data / "kafka"
    home.mkdir(parents=True, exist_ok=True)
    note, log = home / "kafka.pid", home / "kafka.log"
    if end_leftover(note):
        say("Kafka: ended the one that an earlier run left behind")
    port, controller = free_port(), free_port()
    properties = home / "server.properties"
    properties.write_text(PROPERTIES.format(port=port, controller=controller, data=home / "data"))
    command = [
        "java",
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    ]
    command += ["-cp", classpath]
    if not _formatted(data).exists():
        _format(command, home, properties)
        _formatted(data).touch()
    child = start([*command, "kafka.Kafka", str(properties)], note=note, log=log)
    try:
        bootstrap = f"127.0.0.1:{port}"
        if not wait_until(lambda: child.poll() is not None or answers(bootstrap), 60):
            raise PartUnavailable(f"Apache Kafka did not answer:\n{last_lines(log)}")
        if child.poll() is not None:
            raise PartUnavailable(f"Apache Kafka ended:\n{last_lines(log)}")
        version = re.search(r"<version>(4[^<]*)", POM.read_text())
        note_text = f"Apache Kafka {version[1] if version else ''} in KRaft mode, on loopback"
        yield RunningKafka(bootstrap=bootstrap, kind="apache", note=note_text)
    finally:
        stop(child, note=note)


def _format(command: list[str], home: Path, properties: Path) -> None:
    shutil.rmtree(home / "data", ignore_errors=True)
    cluster = uuid.uuid4().hex[:22]
    told = subprocess.run(
        [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise PartUnavailable(f"Kafka's storage could not be formatted: {told.stderr[-300:]}")


def docker_answers() -> bool:
    """Whether an engine is behind the command."""
    try:
        subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=True)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


@contextmanager
def _docker(data: Path, say: Say) -> Iterator[RunningKafka]:
    if shutil.which("docker") is None:
        raise PartUnavailable("Docker is not installed")
    if not docker_answers():
        raise PartUnavailable("Docker is installed, but no engine answers")
    port = free_port()
    project = f"concern-broker-{hashlib.sha256(str(data).encode()).hexdigest()[:8]}"
    compose = ["env", f"KAFKA_PORT={port}", "docker", "compose", "-p", project, "-f", str(COMPOSE)]
    say("Kafka: Docker is starting Apache Kafka's image ...")
    try:
        up = subprocess.run([*compose, "up", "-d", "kafka"], stderr=subprocess.PIPE, check=False)
        if up.returncode:
            raise PartUnavailable(f"Docker: {up.stderr.decode(errors='replace').strip()[-200:]}")
        bootstrap = f"127.0.0.1:{port}"
        if not wait_until(lambda: answers(bootstrap), 90):
            raise PartUnavailable("Kafka in Docker did not answer")
        yield RunningKafka(bootstrap=bootstrap, kind="docker", note="Apache Kafka in Docker")
    finally:
        subprocess.run([*compose, "stop", "kafka"], capture_output=True, check=False)


IN_PROCESS = """
import sys, threading
from confluent_kafka import Producer
broker = Producer({"bootstrap.servers": "x", "test.mock.num.brokers": 1, "log_level": 0})
brokers = broker.list_topics(timeout=10).brokers.values()
print(",".join(f"{each.host}:{each.port}" for each in brokers), flush=True)
sys.stdin.read()
"""


@contextmanager
def _in_process(say: Say) -> Iterator[RunningKafka]:
    say(
        "Kafka: WARNING: using librdkafka's in-process broker. It keeps nothing: whatever is on its"
    )
    say("       topics is gone when it stops. For anything but a look, install Java 17 and Maven.")
    with subprocess.Popen(
        [sys.executable, "-c", IN_PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        bootstrap = child.stdout.readline().strip() if child.stdout else ""
        if not bootstrap:
            raise PartUnavailable("the in-process broker did not start")
        try:
            note = "librdkafka's in-process broker, which keeps nothing"
            yield RunningKafka(bootstrap=bootstrap, kind="in-process", note=note)
        finally:
            if child.stdin:
                child.stdin.close()
            child.terminate()


def answers(bootstrap: str) -> bool:
    """Whether a real metadata request is answered."""
    quiet: dict[str, str | int | float | bool] = {
        "log_level": 0,
        "bootstrap.servers": bootstrap,
        "socket.timeout.ms": 2000,
    }
    try:
        return bool(AdminClient(quiet).list_topics(timeout=2).brokers)
    except KafkaException:
        return False
