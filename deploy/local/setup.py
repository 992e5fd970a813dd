"""`make setup`: fetch Kafka's jars where Maven and Java are, so that the first run need not."""

import os
from pathlib import Path

from deploy.local.kafka import OLDEST_JAVA, jars, java_version
from deploy.local.parts import PartUnavailable
from deploy.local.run import say


def main() -> None:
    data = Path(os.environ.get("BROKER_DATA", "var")).resolve()  # noqa: TID251
    data.mkdir(parents=True, exist_ok=True)
    if java_version() < OLDEST_JAVA:
        say(f"Kafka: no Java {OLDEST_JAVA} here; `make run` will choose something else, and say so")
        return
    try:
        jars(data, say)
    except PartUnavailable as why:
        say(f"Kafka: {why}")
    else:
        say("ready: make run, make test")


if __name__ == "__main__":
    main()
