"""
Real parts, started once for all tests. What a machine does not have is a failure in CI; elsewhere
the tests that need it are left out, and the run ends with a line that names them and says why.
"""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from broker.store.migrate import migrate
from deploy.local.parts import PartUnavailable, RunningKafka, RunningPostgres
from deploy.local.postgres import fresh_database
from tests import environment

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=20_000, deadline=None)
settings.load_profile(environment.hypothesis_profile())

NEEDS = pytest.StashKey[dict[str, str]]()
_BROWSER, _PARTS = "tests/browser", "tests/system/test_local_parts"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NEEDS] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Outside CI, what this machine cannot run at all is left out, and named at the end."""
    if environment.in_ci():
        return
    needs = {_BROWSER: ("browser tests", _no_chromium), _PARTS: ("local parts", _no_apache_kafka)}
    for where, (what, why_not) in needs.items():
        left_out = [item for item in items if where in str(item.path)]
        if left_out and (why := why_not()):
            items[:] = [item for item in items if item not in left_out]
            config.hook.pytest_deselected(items=left_out)
            config.stash[NEEDS][what] = why


def _no_chromium() -> str:
    return "" if environment.chromium() else "no Chromium (on Debian: apt-get install chromium)"


def _no_apache_kafka() -> str:
    return environment.why_no_kafka()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    named = config.stash[NEEDS]
    if config.pluginmanager.hasplugin("dsession") and not environment.in_ci():
        named = _not_here()  # what the workers left out, they cannot say themselves
    for what, why in named.items():
        terminalreporter.write_line(f"not tried here: {what}: {why}")


def _not_here() -> dict[str, str]:
    """What this machine cannot run, or runs on something else."""
    needs = {
        "browser tests": _no_chromium,
        "local parts, and the rest on Apache Kafka": _no_apache_kafka,
    }
    return {what: why for what, why_not in needs.items() if (why := why_not())}


@pytest.fixture(scope="session")
def kafka_of_all(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningKafka]:
    """Kafka as `make run` would choose it; in CI it must be Apache Kafka."""
    said: list[str] = []
    with environment.running_kafka(tmp_path_factory.mktemp("kafka"), said) as found:
        if environment.in_ci() and found.kind not in {"apache", "given"}:
            pytest.fail(f"CI needs Apache Kafka: {said}")
        if found.kind == "in-process":
            told = request.config.stash[NEEDS]
            told["system tests on Apache Kafka"] = f"they ran on {found.note}; {' '.join(said[:2])}"
        yield found


@pytest.fixture(scope="module")
def kafka_here(
    kafka_of_all: RunningKafka, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningKafka]:
    """The same, empty for each file."""
    if kafka_of_all.kind == "in-process":  # it has no way to forget
        with environment.running_kafka(tmp_path_factory.mktemp("kafka"), []) as found:
            yield found
        return
    yield kafka_of_all
    if kafka_of_all.kind != "given":
        environment.forget_all(kafka_of_all.bootstrap)


@pytest.fixture(scope="session")
def postgres_here() -> Iterator[RunningPostgres]:
    said: list[str] = []
    try:
        with environment.running_postgres(said) as found:
            yield found
    except PartUnavailable as why:
        pytest.fail(f"PostgreSQL: {why}")


@pytest.fixture(scope="module")
def module_database(postgres_here: RunningPostgres) -> str:
    """As `database`, for all tests of one file."""
    return _database(postgres_here)


@pytest.fixture
def database(postgres_here: RunningPostgres) -> str:
    """A fresh database with this version's tables."""
    return _database(postgres_here)


def _database(postgres_here: RunningPostgres) -> str:
    """It goes with the server: to drop one takes a second, ten times as long as to make it."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    dsn = fresh_database(postgres_here, name)
    migrate(dsn)
    return dsn
