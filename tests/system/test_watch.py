"""Live figures count what is on its way; everything else works whether they run or not."""

from pathlib import Path

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.system.running import broker, publish, school_rows


def test_what_comes_is_counted_by_lane_and_publisher_and_names_nobody(
    tmp_path: Path, kafka_here: RunningKafka, database: str
) -> None:
    with broker(tmp_path, kafka_here.bootstrap, database) as under:
        under.start("watch", "watch", "--every", "0.5")
        under.until(lambda: '"lanes"' in under.log("watch"), "the first line")
        publish(under, Agency.SCHOOLS, "csv-profile", [school_rows(3)])
        counted = '"routine": 3}, "publishers": {"org:school:999001": 3}'
        under.until(lambda: counted in under.log("watch"), "three counted")
        assert "Testrow" not in under.log("watch")
