"""Two people view what is held of one child, in real browsers on the real broker (DOMAIN 4.5)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.parts import RunningKafka
from tests.browser.walking import accessible, sign_in
from tests.system.running import Broker, serving

SIZES = {1280: 900, 320: 800}
HOME = "/governance/overrides"
OFFICER, GUARDIAN, CHAIR = "Lise Achterberg", "Dr Wren Sorley", "Noor Pemberwick"
MARA, IDRIS = "She looked at the door first.", "It is worse at weekends."
PURPOSE = "A complaint about who was told."


@pytest.fixture(scope="module")
def console(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[tuple[Broker, str]]:
    folder = tmp_path_factory.mktemp("governance")
    with serving(folder, kafka_here.bootstrap, module_database) as found:
        yield found


@contextmanager
def signed_in(browser: Browser, url: str, name: str, width: int = 1280) -> Iterator[Page]:
    """Somebody at a browser of their own."""
    context = browser.new_context(viewport={"width": width, "height": SIZES[width]})
    page = context.new_page()
    sign_in(page, url, name)
    yield page
    context.close()


def read_out(browser: Browser, url: str) -> str:
    """The reference of the worker's alert about Mara."""
    with signed_in(browser, url, "Asha Lindqvist") as page:
        page.get_by_role("link", name="Mara Fennick-Oyelowo").first.click()
        found = re.search(r"Reference ([0-9A-Z]{4}-[0-9A-Z]{4})", page.locator("main").inner_text())
    assert found is not None
    return found[1]


def ask(page: Page, url: str, named: str) -> str:
    page.goto(url + HOME)
    page.get_by_role("link", name="Ask to view").click()
    page.locator("#named").fill(named)
    page.locator("#purpose").fill(PURPOSE)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Waits for a second person")).to_be_visible()
    return page.url


def approve(page: Page, made: str) -> None:
    page.goto(made)
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Open to both")).to_be_visible()


def leaves(under: Broker, kind: str) -> int:
    asked = "SELECT count(*) FROM leaf_waiting WHERE convert_from(entry, 'UTF8')::json ->> 'kind'"
    return int(under.one(f"{asked} = 'governance_{kind}'"))


def look(page: Page, made: str) -> tuple[int, str]:
    """What somebody gets who opens the view: status, and all that the page says."""
    answer = page.goto(f"{made}/view")
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, page.content()


def test_a_complaint_is_answered_by_two_who_look_and_one_who_reviews(
    browser: Browser, console: tuple[Broker, str]
) -> None:
    under, url = console
    named = read_out(browser, url)
    with (
        signed_in(browser, url, OFFICER) as officer,
        signed_in(browser, url, GUARDIAN) as guardian,
        signed_in(browser, url, CHAIR) as chair,
    ):
        officer.goto(url + HOME + "/ask")
        officer.locator("#purpose").fill(PURPOSE)
        officer.get_by_role("button", name="Ask", exact=True).click()
        expect(officer.get_by_text("Nothing is lost. This is still needed")).to_be_visible()
        expect(officer.locator("#purpose")).to_have_value(PURPOSE)
        made = ask(officer, url, named.lower().replace("-", " "))
        expect(officer.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
        status, said = look(officer, made)
        assert (status, MARA in said) == (403, False)
        assert "A second person must approve it first." in said
        assert leaves(under, "attempted") == 1

        approve(guardian, made)
        for page in (officer, guardian):
            status, said = look(page, made)
            assert status == 200
            assert MARA in said
            assert IDRIS not in said
            both = page.locator("[data-recorded]").inner_text()
            assert OFFICER in both
            assert GUARDIAN in both
        assert leaves(under, "viewed") == 2
        on_screen_only(officer, url)

        status, said = look(chair, made)
        assert (status, MARA in said) == (403, False)
        chair.goto(made)
        expect(chair.get_by_role("button", name="Record the review")).to_have_count(0)

        officer.goto(made)
        officer.get_by_role("button", name="End it now").click()
        for page in (officer, guardian):
            status, said = look(page, made)
            assert (status, MARA in said) == (403, False)
            assert "It has ended." in said
        chair.goto(made)
        chair.get_by_label("Justified", exact=True).check()
        chair.locator("#words").fill("The complaint could not be answered otherwise.")
        chair.get_by_role("button", name="Record the review").click()
        expect(chair.get_by_text("The complaint could not be answered otherwise.")).to_be_visible()
    assert leaves(under, "ended") == leaves(under, "reviewed") == 1
    assert "Mara" not in under.logs()


def on_screen_only(page: Page, url: str) -> None:
    """Nothing to send, fetch or print: links lead back, and on paper there are no words."""
    assert page.locator("main form, main button, main a[download]").count() == 0
    links = page.locator("main a, nav[aria-label=Back] a").evaluate_all(
        "all => all.map(a => a.href)"
    )
    assert {link.removeprefix(url).startswith(HOME) for link in links} == {True}
    assert page.title() == "What is held – Concern broker"
    page.emulate_media(media="print")
    expect(page.locator(".cb-screen-only")).to_be_hidden()
    expect(page.get_by_text("This page is viewed on screen only.")).to_be_visible()
    page.emulate_media(media="screen")


def test_nobody_else_sees_anything_and_each_attempt_is_written_down(
    browser: Browser, console: tuple[Broker, str]
) -> None:
    under, url = console
    named = read_out(browser, url)
    with signed_in(browser, url, OFFICER) as officer:
        made = ask(officer, url, named)
    with signed_in(browser, url, GUARDIAN) as guardian:
        approve(guardian, made)
    for name in ("Imre Vasquez-Holm", "Asha Lindqvist", "P. Oakes", "Sam Dunmore"):
        before = leaves(under, "attempted")
        with signed_in(browser, url, name) as page:
            status, said = look(page, made)
            assert (status, MARA in said, PURPOSE in said) == (404, False, False), name
            assert leaves(under, "attempted") == before + 1, name
            missing = page.goto(made)
            assert missing is not None
            assert missing.status == 404
    with signed_in(browser, url, OFFICER) as page:
        before = leaves(under, "attempted")
        alert = under.one("SELECT id FROM alert LIMIT 1")
        for path in (f"/alerts/{alert}", f"/alerts/{alert}/wishes"):
            missing = page.goto(url + path)
            assert missing is not None
            assert missing.status == 404
        assert leaves(under, "attempted") == before + 2


def test_after_a_day_there_is_nothing(browser: Browser, console: tuple[Broker, str]) -> None:
    under, url = console
    named = read_out(browser, url)
    with (
        signed_in(browser, url, "Imre Vasquez-Holm") as officer,
        signed_in(browser, url, OFFICER) as second,
    ):
        made = ask(officer, url, named)
        approve(second, made)
        assert look(officer, made)[0] == 200
        a_day_later(under.dsn, made.rpartition("/")[2])
        ended = leaves(under, "ended")
        for page in (officer, second):
            status, said = look(page, made)
            assert (status, MARA in said) == (403, False)
        assert leaves(under, "ended") == ended + 1


def a_day_later(dsn: str, made: str) -> None:
    """As if it had been approved a day and a second earlier: the row's own rule is put aside."""
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE governance_override DISABLE TRIGGER append_only")
        connection.execute(
            "UPDATE governance_override SET at = at - interval '86401 seconds',"
            " until = until - interval '86401 seconds' WHERE id = %s",
            (made,),
        )
        connection.execute("ALTER TABLE governance_override ENABLE TRIGGER append_only")


@pytest.mark.parametrize("width", SIZES)
def test_its_pages_are_accessible(
    browser: Browser, console: tuple[Broker, str], width: int
) -> None:
    _, url = console
    named = read_out(browser, url)
    with (
        signed_in(browser, url, OFFICER, width) as officer,
        signed_in(browser, url, GUARDIAN, width) as guardian,
        signed_in(browser, url, CHAIR, width) as chair,
    ):
        officer.goto(url + HOME + "/ask")
        officer.get_by_role("button", name="Ask", exact=True).click()
        accessible(officer, width)
        made = ask(officer, url, named)
        accessible(officer, width)
        look(officer, made)
        accessible(officer, width)
        guardian.goto(made)
        accessible(guardian, width)
        approve(guardian, made)
        look(guardian, made)
        guardian.locator("main summary").first.click()
        accessible(guardian, width)
        officer.goto(made)
        officer.get_by_role("button", name="End it now").click()
        chair.goto(made)
        chair.get_by_role("button", name="Record the review").click()
        accessible(chair, width)
        chair.goto(url + HOME)
        accessible(chair, width)
