"""`broker identity evaluate`: the files it reads, what it counts, what it refuses."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from broker.cli.identity import app
from broker.errors import Misconfigured
from broker.evaluation.figures import bound, pairs_of
from broker.evaluation.judged import Outcome
from broker.evaluation.scores import Scored, best_f1, calibration

FORENAMES = ("Kofi", "Adaeze", "Bronwen", "Callum", "Esme", "Farid", "Greta", "Hamish", "Jarek")
SURNAMES = ("Mensah", "Nwosu", "Pritchard", "Kowalska", "Okonjo", "Rahimi", "Fraser", "Duarte")
STREETS = ("gillard street", "tyne place", "merino circuit", "wattle avenue")

FEBRL = (
    "rec_id, given_name, surname, street_number, address_1, suburb, postcode, state,"
    " date_of_birth, soc_sec_id"
)


def people(count: int) -> list[tuple[str, str, str]]:
    draw = Random(5)  # noqa: S311 invented birth dates
    return [
        (
            FORENAMES[n % len(FORENAMES)],
            SURNAMES[n % len(SURNAMES)],
            f"{draw.randint(1950, 2020)}-{draw.randint(1, 12):02}-{draw.randint(2, 28):02}",
        )
        for n in range(count)
    ]


def febrl(count: int = 30) -> str:
    """Each twice; every third of the second ones has a wrong letter in its surname."""
    lines = [FEBRL]
    for n, (forename, surname, born) in enumerate(people(count)):
        date = born.replace("-", "")
        place = f"{n + 1}, {STREETS[n % len(STREETS)]}, dunmore, {2000 + n}, nsw"
        slip = surname[:-1] + "x" if n % 3 == 0 else surname
        lines.append(f"rec-{n}-org, {forename}, {surname}, {place}, {date}, 1111111")
        lines.append(f"rec-{n}-dup-0, {forename}, {slip}, {place}, {date}, 2222222")
    return "\n".join(lines) + "\n"


def written(folder: Path, text: str, name: str = "people.csv") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def evaluated(*arguments: str) -> dict[str, object]:
    ran = CliRunner().invoke(app(), ["evaluate", *arguments, "--json"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def refused(*arguments: str) -> str:
    with pytest.raises(Misconfigured) as why:
        CliRunner().invoke(app(), ["evaluate", *arguments], catch_exceptions=False)
    return str(why.value)


def part(found: dict[str, object], name: str) -> dict[str, Any]:
    value = found[name]
    assert isinstance(value, dict)
    return value


def test_a_febrl_file(tmp_path: Path) -> None:
    found = evaluated(written(tmp_path, febrl()), "--truth", "rec_id")
    assert (found["rows"], found["subjects"], part(found, "pairs")["true"]) == (60, 30, 30)
    assert found["withheld"] == ["soc_sec_id"]
    assert found["not_used"] == ["state"]
    point = part(found, "working_point")
    assert point["known"] == 30
    assert point[Outcome.WRONG] == 0
    assert point[Outcome.RIGHT] >= 20
    assert point[Outcome.RIGHT] + point[Outcome.PERSON] + point[Outcome.MISSED] == 30


def test_a_file_with_a_birth_date_in_three_columns(tmp_path: Path) -> None:
    text = "fname_c1,fname_c2,lname_c1,lname_c2,by,bm,bd,identity\n" + "".join(
        f"{forename.upper()},,{surname.upper()},,{int(born[:4])},{int(born[5:7])},{day},{n}\n"
        for n, (forename, surname, born) in enumerate(people(12))
        for day in (int(born[8:]), int(born[8:]) - 1)
    )
    found = evaluated(written(tmp_path, text), "--truth", "identity")
    assert part(found, "columns")["birth_month"] == "bm"
    assert found["not_used"] == []
    point = part(found, "working_point")
    assert point[Outcome.PERSON] == 12, "a name and a nearly equal date join nobody by themselves"


def test_an_email_is_one_more_way_to_reach_somebody(tmp_path: Path) -> None:
    text = "unique_id,first_name,surname,dob,city,email,cluster\n" + "".join(
        f"{n}{k},{forename},{surname},{born},Hull,{forename}{n}@example.org,{n}\n"
        for n, (forename, surname, born) in enumerate(people(10))
        for k in "ab"
    )
    found = evaluated(written(tmp_path, text), "--truth", "cluster")
    assert part(found, "working_point")[Outcome.RIGHT] >= 8
    assert found["not_used"] == ["unique_id"]


def test_columns_of_our_own_and_others_by_name(tmp_path: Path) -> None:
    text = "who,Vorname,surname,birth_date,postcode,colour\n" + "".join(
        f"{n},{forename},{surname},{born},ZE5 {n % 9}AB,green\n"
        for n, (forename, surname, born) in enumerate(people(9))
        for _ in range(2)
    )
    file = written(tmp_path, text)
    assert "--columns forename=THEIRS" in refused(file, "--truth", "who")
    found = evaluated(file, "--truth", "who", "--columns", "forename=Vorname")
    assert found["not_used"] == ["colour"]
    assert part(found, "working_point")[Outcome.RIGHT] >= 7


def test_what_cannot_be_read_is_missing(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},Kofi,Mensah,{born},{code}\n"
        for n, (born, code) in enumerate(
            (("19560231", "4011"), ("", ""), ("soon", "@@"), ("0", "2"))
        )
    )
    text = "who,given_name,surname,date_of_birth,postcode\n" + rows
    found = evaluated(written(tmp_path, text), "--truth", "who")
    assert part(found, "working_point")[Outcome.WRONG] == 0


def test_bad_files_say_what_to_do(tmp_path: Path) -> None:
    assert "UTF-8" in refused(written(tmp_path, ""), "--truth", "who")
    assert "UTF-8" in refused(written(tmp_path, "forename,surname,who\n"), "--truth", "who")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("who,forename,surname\n1,Zo\u00eb,Lind\n".encode("latin-1"))
    assert "not UTF-8" in refused(str(latin), "--truth", "who")
    assert "no column nobody; give one of rec_id" in refused(
        written(tmp_path, febrl()), "--truth", "nobody"
    )
    assert "No such file" in refused(str(tmp_path / "absent.csv"), "--truth", "who")
    assert "--truth" in refused(written(tmp_path, febrl()))


def test_shuffled_twenty_ways_the_same_subjects(tmp_path: Path) -> None:
    """Except those before a person: which of two is the doubtful one depends on who came first."""
    file = written(tmp_path, febrl())
    points = [
        part(evaluated(file, "--truth", "rec_id", "--order-seed", str(seed)), "working_point")
        for seed in range(20)
    ]
    assert {point[Outcome.WRONG] for point in points} == {0}
    joined = {point[Outcome.RIGHT] for point in points}
    assert max(joined) - min(joined) <= max(point["reviewed"] for point in points)


def test_the_text_says_what_the_object_says(tmp_path: Path) -> None:
    file = written(tmp_path, febrl())
    found = evaluated(file, "--truth", "rec_id")
    ran = CliRunner().invoke(app(), ["evaluate", file, "--truth", "rec_id"])
    assert f"{found['rows']} rows about {found['subjects']} subjects" in ran.stdout
    for word in ("joined without a person, wrongly", "predicted chance", "group", "withheld"):
        assert word in ran.stdout


def test_the_plot_is_an_image_with_a_circle_for_each_bin(tmp_path: Path) -> None:
    file, drawn = written(tmp_path, febrl()), tmp_path / "plot.svg"
    found = evaluated(file, "--truth", "rec_id", "--plot", str(drawn))
    root = ElementTree.fromstring(drawn.read_text(encoding="utf-8"))  # noqa: S314 our own
    circles = root.findall("{http://www.w3.org/2000/svg}circle")
    bins = found["calibration"]
    assert isinstance(bins, list)
    assert len(circles) == len(bins) > 0


def test_a_register_that_stands(tmp_path: Path) -> None:
    register = written(
        tmp_path,
        "subject,forename,surname,birth_date,postcode,household\n"
        "S1,Kofi,Mensah,2012-04-03,ZE5 1AB,H1\nS2,Esme,Nwosu,2013-05-04,ZE5 2AB,H2\n",
        "register.csv",
    )
    notifications = written(
        tmp_path,
        "case,forename,surname,birth_date,postcode\n"
        "N1,Kofi,Mensah,2012-04-03,ZE5 1AB\nN2,Ama,Mensah,2012-04-03,ZE5 1AB\n"
        "N3,Esme,Nwosu,,ZE5 2AB\n",
        "notifications.csv",
    )
    truth = written(
        tmp_path,
        "notification,subject,origin\nN1,S1,african\nN2,,african\nN3,S2,african\n",
        "truth.csv",
    )
    asked = ("--register", register, "--notifications", notifications)
    found = evaluated(*asked, "--truth-file", truth, "--population", "1000000")
    point = part(found, "working_point")
    assert (point["known"], point[Outcome.RIGHT], point[Outcome.WRONG]) == (2, 1, 0)
    assert point[Outcome.PERSON] == 1
    assert "--truth-file" in refused(*asked)
    groups = found["groups"]
    assert isinstance(groups, list)
    assert "origin: african" in {each["group"] for each in groups}


def test_splink_beside_it(tmp_path: Path) -> None:
    found = evaluated(written(tmp_path, febrl(60)), "--truth", "rec_id", "--against", "splink")
    beside = part(found, "splink")
    assert beside["same_weights_difference"] == pytest.approx(0, abs=1e-9)
    parity, times = part(beside, "parity"), part(beside, "time")
    assert parity["most_bits"] <= 1e-6
    assert parity["differing"] == 0
    assert times["splink_ms"] > 0 < times["ours_ms"]


def test_zero_errors_prove_little() -> None:
    assert bound(0, 300_000) == pytest.approx(3 / 300_000, rel=0.01)
    assert bound(1, 300_000) == pytest.approx(4.74 / 300_000, rel=0.01)
    assert bound(0, 0) == 1.0


def test_pairs_are_counted_within_subjects() -> None:
    rows: Sequence[tuple[str, str]] = [("a", "1"), ("a", "1"), ("a", "2"), ("b", "2")]
    found = pairs_of(rows)
    assert (found.truth, found.joined, found.right) == (3, 2, 1)
    assert (found.precision, round(found.recall, 3)) == (0.5, 0.333)


def test_the_best_threshold_counts_pairs_that_were_never_compared() -> None:
    found = [
        Scored((0, 1), 9.0, same=True),
        Scored((0, 2), 5.0, same=False),
        Scored((1, 2), 5.0, same=True),
    ]
    best = best_f1(found, truth=4)
    assert (best.threshold, best.recall) == (5.0, 0.5)
    assert [(each.pairs, each.observed) for each in calibration(found)] == [(2, 0.5), (1, 1.0)]
