"""The console in a real browser, on the real broker: what a person sees, types and is told."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.browser.walking import NARROW, WIDE, accessible, says_nothing_banned, sign_in
from tests.system.running import MESSAGES, Broker, publish, serving


@pytest.fixture(scope="module")
def console(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[tuple[Broker, str]]:
    folder = tmp_path_factory.mktemp("console")
    with serving(folder, kafka_here.bootstrap, module_database) as found:
        yield found


def test_the_worker_reads_the_words_and_whom_to_ring(
    page: Page, console: tuple[Broker, str]
) -> None:
    sign_in(page, console[1], "Asha Lindqvist")
    page.get_by_role("link", name="Mara Fennick-Oyelowo").click()
    expect(page.get_by_text("She looked at the door first.")).to_be_visible()
    expect(page.get_by_role("link", name="01632 960114")).to_be_visible()
    headline = page.locator("[data-headline]").inner_text()
    assert len(headline.split()) <= 40
    assert page.title() == "Alert – Concern broker"
    assert "Mara" not in page.url
    page.get_by_role("button", name="I have seen this").click()
    expect(page.get_by_text("seen", exact=True)).to_be_visible()


def test_a_hospital_message_appears_without_reloading(
    page: Page, console: tuple[Broker, str]
) -> None:
    under, url = console
    sign_in(page, url, "Asha Lindqvist")
    expect(page.locator("[data-live=listening]")).to_be_attached()
    before = page.locator(".cb-line").count()
    native = (MESSAGES / "hospital-mara.json").read_bytes()
    publish(under, Agency.HEALTH, "fhir-r4", [native])
    expect(page.get_by_role("link", name=re.compile("1 new alert"))).to_be_visible(timeout=15_000)
    assert page.locator(".cb-line").count() == before  # nothing moves under the reader
    page.get_by_role("link", name=re.compile("1 new alert")).click()
    expect(page.get_by_text("St Mary's Hospital")).to_be_visible()


def test_the_school_is_told_of_the_incident_and_not_of_the_intelligence(
    page: Page, console: tuple[Broker, str]
) -> None:
    sign_in(page, console[1], "P. Oakes")
    page.get_by_role("link", name="Idris Vantongeren").click()
    expect(page.get_by_text("It is worse at weekends.")).to_be_visible()
    body = page.locator("main").inner_text()
    assert "second address" not in body
    assert "Ostrander" not in body
    assert "whether or not there is any" in body


def test_a_concern_is_raised_with_six_answers_from_the_keyboard(
    page: Page, console: tuple[Broker, str]
) -> None:
    under, url = console
    sign_in(page, url, "R. Adeyemi-Holt")
    page.goto(f"{url}/concern")
    page.locator("#child_known").focus()
    page.keyboard.press("Space")
    page.locator("#child").focus()
    page.keyboard.type("Mara Fennick-Oyelowo")
    page.locator("#words").focus()
    page.keyboard.type("She asked to stay after the bell <again> & would not say why.")
    page.locator("#level-2").focus()
    page.keyboard.press("Space")
    page.locator("#may_be_told-2").focus()
    page.keyboard.press("Space")
    page.locator("#send").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Concern sent")).to_be_visible()
    under.until(
        lambda: under.one("SELECT count(*) FROM inbox WHERE publisher = 'org:school:999001'") == 3,
        "carried",
    )


def test_what_is_missing_is_said_and_every_word_is_kept(
    page: Page, console: tuple[Broker, str]
) -> None:
    sign_in(page, console[1], "Asha Lindqvist")
    page.goto(f"{console[1]}/concern")
    page.locator("#words").fill("Half a sentence, kept.")
    page.get_by_role("button", name="Send concern").click()
    expect(page.get_by_text("Nothing is lost. This is still needed")).to_be_visible()
    expect(page.locator("#words")).to_have_value("Half a sentence, kept.")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, console[1], "Asha Lindqvist")
    page.goto(f"{console[1]}/concern")
    expect(page.locator("#words")).to_have_value("Half a sentence, kept.")


def test_somebody_elses_alert_is_as_unknown_as_one_that_does_not_exist(
    page: Page, browser: Browser, console: tuple[Broker, str]
) -> None:
    sign_in(page, console[1], "Asha Lindqvist")
    page.get_by_role("link", name="Mara Fennick-Oyelowo").first.click()
    other = browser.new_context().new_page()
    sign_in(other, console[1], "P. Oakes")
    foreign, missing = other.goto(page.url), other.goto(f"{console[1]}/alerts/none")
    assert foreign is not None
    assert missing is not None
    assert (foreign.status, missing.status) == (404, 404)
    other.context.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "320"])
@pytest.mark.parametrize("script", [True, False], ids=["javascript", "no-javascript"])
def test_pages_are_accessible_with_and_without_javascript(
    browser: Browser,
    console: tuple[Broker, str],
    size: dict[str, int],
    script: bool,  # noqa: FBT001
) -> None:
    context = browser.new_context(viewport=size, java_script_enabled=script)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, console[1], "Tunde Okonjo-Reyes")
    pages = ["/", "/concern", "/sign-in"]
    pages.append(page.locator(".cb-line a").first.get_attribute("href") or "/")
    for path in pages:
        page.goto(console[1] + path)
        if script:
            accessible(page, size["width"])
        else:
            says_nothing_banned(page)
    context.close()
