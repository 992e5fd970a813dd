"""A doubtful match before a person, in real browsers on the real broker (CONSOLE.md 5)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.browser.walking import NARROW, WIDE, accessible, sign_in
from tests.system.running import MESSAGES, Broker, publish, serving

FIRST, SECOND, WORKER = "Tunde Okonjo-Reyes", "Sefa Aldous", "Asha Lindqvist"
MINA, MARA = "A girl alone outside the shops", "She looked at the door first."
WHY = "The school nurse knows both sisters."
ALONE = "Everything agrees except her own name. Possibly a twin or sister."


@pytest.fixture(scope="module")
def console(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[tuple[Broker, str]]:
    folder = tmp_path_factory.mktemp("matching")
    with serving(folder, kafka_here.bootstrap, module_database) as (under, url):
        native = (MESSAGES / "police-notice-mina.csv").read_bytes()
        publish(under, Agency.POLICE, "csv-profile", [native])
        under.until(lambda: under.one("SELECT count(*) FROM review") == 1, "somebody in doubt")
        yield under, url


@pytest.fixture(scope="module")
def review(console: tuple[Broker, str]) -> str:
    under, url = console
    return f"{url}/matches/{under.one('SELECT id FROM review')}"


def leaves(under: Broker, kind: str) -> int:
    asked = "SELECT count(*) FROM leaf_waiting WHERE convert_from(entry, 'UTF8')::json ->> 'kind'"
    return int(under.one(f"{asked} = '{kind}'"))


def answer(page: Page, label: str, why: str = WHY) -> None:
    page.get_by_label(label, exact=True).check()
    page.locator("#words").fill(why)
    page.get_by_role("button", name="See what this changes").click()


def fits(page: Page) -> None:
    """As every page; and what waits is shown without a count of days, a score or a style."""
    page.wait_for_load_state()
    accessible(page, page.evaluate("document.documentElement.clientWidth"))
    text = page.locator("main").inner_html().casefold()
    for banned in ("days", "score", "style="):
        assert banned not in text, (banned, page.url)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_its_pages_are_accessible(
    browser: Browser, console: tuple[Broker, str], review: str, size: dict[str, int]
) -> None:
    _, url = console
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, url, FIRST)
    page.get_by_role("link", name="Matches to check").click()
    fits(page)
    page.goto(review)
    fits(page)
    page.get_by_role("button", name="See what this changes").click()
    expect(page.get_by_text("Nothing is lost. This is still needed")).to_be_visible()
    page.locator("main summary").last.click()
    fits(page)
    answer(page, "The same child as record A")
    fits(page)
    sign_in(page, url, WORKER)
    page.get_by_role("link", name="Mara Fennick-Oyelowo").first.click()
    page.get_by_role("link", name="This is the wrong child").click()
    fits(page)
    page.locator("#words").fill(WHY)
    page.get_by_role("button", name="See what this changes").click()
    fits(page)
    context.close()


def test_two_records_stand_side_by_side_and_nothing_else_does(
    page: Page, console: tuple[Broker, str], review: str
) -> None:
    under, url = console
    sign_in(page, url, FIRST)
    page.get_by_role("link", name="Matches to check").click()
    page.locator("main").get_by_role("link", name="Concern ").click()
    assert page.url == review
    assert page.title() == "Is this the same child? – Concern broker"
    said = page.locator("main").inner_text()
    for expected in ("Mina Fennick-Oyelowo", "Mara Fennick-Oyelowo", ALONE, "9 March 2017"):
        assert expected in said
    assert "speaks strongly for one child" in said
    assert "speaks a little against" in said
    assert "ZE8 4AF" in said
    for content in (MINA, MARA, "Culver Street shops", "neglect", "C-30211", "social work"):
        assert content not in page.content(), content
    assert page.locator("main a[href*='alerts']").count() == 0
    assert leaves(under, "match_viewed") >= 2


@pytest.mark.parametrize("who", [WORKER, "P. Oakes", "Lise Achterberg", "Sam Dunmore"])
def test_for_anybody_else_it_does_not_exist(
    page: Page, console: tuple[Broker, str], review: str, who: str
) -> None:
    _, url = console
    sign_in(page, url, who)
    expect(page.get_by_role("link", name="Matches to check")).to_have_count(0)
    pages = []
    for address in (review, f"{url}/matches/none", f"{url}/matches"):
        got = page.goto(address)
        assert got is not None
        pages.append((got.status, page.locator("main").inner_html()))
    assert pages == [pages[0]] * 3
    assert pages[0][0] == 404


def test_who_cannot_tell_and_then_says_the_same_without_javascript(
    browser: Browser, console: tuple[Broker, str], review: str
) -> None:
    under, url = console
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, url, FIRST)
    page.goto(review)
    answer(page, "I cannot tell")
    expect(page.get_by_text("It comes back here when something more is known.")).to_be_visible()
    page.get_by_role("button", name="Change something").click()
    expect(page.locator("#words")).to_have_value(WHY)
    assert under.one("SELECT count(*) FROM review_answer") == 0
    answer(page, "I cannot tell")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("It stays as it is")).to_be_visible()
    page.goto(f"{url}/matches")
    expect(page.get_by_text("Nothing for you at the moment.")).to_be_visible()

    sign_in(page, url, SECOND)
    page.goto(review)
    expect(page.locator("[data-earlier]")).to_contain_text("Somebody else answered")
    expect(page.locator("[data-earlier]")).to_contain_text("I cannot tell")
    expect(page.locator("input:checked")).to_have_count(0)
    answer(page, "The same child as record A")
    told = page.locator("[data-told]").inner_text()
    assert "Marlhaven social work, social worker" in told
    before = leaves(under, "match_answered")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Who is told now")).to_be_visible()
    assert leaves(under, "match_answered") == before + 1
    gone = page.goto(review)
    assert gone is not None
    assert gone.status == 404

    sign_in(page, url, WORKER)
    page.goto(url)
    assert under.one("SELECT count(*) FROM subject WHERE state = 'redirected'") == 1
    assert "Mina" not in under.logs()
    context.close()


def test_the_wrong_child_is_said_beside_an_alert(page: Page, console: tuple[Broker, str]) -> None:
    under, url = console
    sign_in(page, url, WORKER)
    page.get_by_role("link", name="Mara Fennick-Oyelowo").first.click()
    alert = page.url
    page.get_by_role("link", name="This is the wrong child").click()
    page.locator("#words").fill(WHY)
    page.get_by_role("button", name="See what this changes").click()
    expect(page.get_by_text("asked to use it no longer. You are one of them.")).to_be_visible()
    assert under.one("SELECT count(*) FROM correction WHERE kind = 'unlink'") == 0
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Recorded")).to_be_visible()
    assert under.one("SELECT count(*) FROM correction WHERE kind = 'unlink'") == 1
    assert leaves(under, "wrong_child") == 1
    again = page.goto(f"{alert}/wrong-child")
    assert again is not None


def test_a_school_is_not_offered_it(page: Page, console: tuple[Broker, str]) -> None:
    _, url = console
    sign_in(page, url, "P. Oakes")
    page.locator(".cb-line a").first.click()
    expect(page.get_by_role("link", name="This is the wrong child")).to_have_count(0)
    got = page.goto(f"{page.url}/wrong-child")
    assert got is not None
    assert got.status == 404
