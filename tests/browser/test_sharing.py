"""
What people say about sharing, in a real browser: by keyboard, without JavaScript, on a narrow
screen; who is told more or less before it counts, and never what they may not know.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.parts import RunningKafka
from tests.browser.walking import NARROW, WIDE, accessible, sign_in
from tests.system.running import Broker, serving

Console = tuple[Broker, str]


@pytest.fixture(scope="module")
def console(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("sharing")
    with serving(folder, kafka_here.bootstrap, module_database, "deliver") as found:
        yield found


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """Without JavaScript, on a narrow screen."""
    context = browser.new_context(viewport=NARROW, java_script_enabled=False)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def alert_about(page: Page, console: Console, who: str, child: str) -> str:
    sign_in(page, console[1], who)
    page.get_by_role("link", name=child).first.click()
    return page.url


def count(console: Console, kind: str) -> int:
    return int(console[0].one(f"SELECT count(*) FROM inbox WHERE type = '{kind}'"))


def test_a_wish_is_recorded_from_the_keyboard_with_a_name_a_choice_and_two_presses(
    page: Page, console: Console
) -> None:
    alert = alert_about(page, console, "Tunde Okonjo-Reyes", "Idris Vantongeren")
    page.goto(f"{alert}/say/wish")
    page.locator("#person").focus()
    page.keyboard.type("R. Vantongeren <mother>")
    for _ in range(3):  # who they are is filled in; whom to ask about a young child is folded away
        page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first of what they may have said: they agree
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("They refuse")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check before you confirm")).to_be_visible()
    expect(page.get_by_text("R. Vantongeren <mother>")).to_be_visible()
    assert count(console, "consent.recorded") == 0, "nothing counts before it is confirmed"
    page.locator("#confirm").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recorded")).to_be_visible()
    assert count(console, "consent.recorded") == 1
    assert "Vantongeren" not in page.title() + page.url
    page.reload()  # posts once more, as an impatient press does
    expect(page.get_by_text("recorded already").first).to_be_visible()
    assert count(console, "consent.recorded") == 1
    page.goto(f"{alert}/wishes")
    expect(page.get_by_text("They refuse")).to_be_visible()
    expect(page.get_by_text("R. Vantongeren <mother>")).to_be_visible()


def test_where_parents_disagree_both_wishes_are_shown(page: Page, console: Console) -> None:
    alert = alert_about(page, console, "Tunde Okonjo-Reyes", "Lotte Vantongeren")
    for who, said in (("R. Vantongeren", "They agree to sharing"), ("P. Tongeren", "They refuse")):
        page.goto(f"{alert}/say/wish")
        page.locator("#person").fill(who)
        page.get_by_label(said).check()
        page.get_by_role("button", name="See what this changes").click()
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="Recorded")).to_be_visible()
    page.goto(f"{alert}/wishes")
    for shown in ("R. Vantongeren", "P. Tongeren", "They agree to sharing", "They refuse"):
        expect(page.get_by_text(shown).first).to_be_visible()


def test_what_is_missing_is_said_and_every_word_is_kept_without_javascript(
    plain: Page, console: Console
) -> None:
    alert = alert_about(plain, console, "Tunde Okonjo-Reyes", "Idris Vantongeren")
    plain.goto(f"{alert}/say/override")
    plain.locator("#otherwise").fill("Half a sentence, kept & <whole>.")
    plain.get_by_label("Culver Street Practice, practice safeguarding lead").check()
    plain.get_by_role("button", name="See what this changes").click()
    expect(plain.get_by_text("Nothing is lost. This is still needed")).to_be_visible()
    expect(plain.get_by_text("Choose which parts they must know").first).to_be_visible()
    expect(plain.locator("#otherwise")).to_have_value("Half a sentence, kept & <whole>.")
    checked = plain.get_by_label("Culver Street Practice, practice safeguarding lead")
    expect(checked).to_be_checked()
    plain.locator("#alternatives").fill("None.")
    plain.get_by_label("What worries them").check()
    plain.get_by_label("No, the family has not been told").check()
    plain.locator("#family_words").fill("Not safe.")
    plain.get_by_role("button", name="See what this changes").click()
    plain.get_by_role("button", name="Change something").click()
    expect(plain.locator("#otherwise")).to_have_value("Half a sentence, kept & <whole>.")
    expect(checked).to_be_checked()
    assert count(console, "override.raised") == 0


def _raise_override(page: Page) -> None:
    page.get_by_role("link", name="Tell somebody now").click()
    page.locator("#otherwise").fill("He is at the practice this afternoon.")
    page.locator("#alternatives").fill("None.")
    page.get_by_label("Culver Street Practice, practice safeguarding lead").check()
    page.get_by_label("What worries them").check()
    page.get_by_label("No, the family has not been told").check()
    page.locator("#family_words").fill("Not safe.")
    page.get_by_role("button", name="See what this changes").click()
    changes = page.locator("main").inner_text()
    assert "Culver Street Practice" in changes
    assert "what worries them (in full)" in changes
    page.get_by_role("button", name="Confirm").click()


def test_an_override_is_raised_looked_at_by_another_team_and_recalled(
    browser: Browser, page: Page, plain: Page, console: Console
) -> None:
    """Raised with JavaScript, reviewed without, read by the practice."""
    alert = alert_about(page, console, "Tunde Okonjo-Reyes", "Idris Vantongeren")
    _raise_override(page)
    expect(page.get_by_text("Another person, in another team, looks at it.")).to_be_visible()
    assert "working days" not in page.content(), "no clock for whoever raised it"
    page.goto(f"{alert}/wishes")
    expect(page.get_by_text("Decided that somebody must know at once")).to_be_visible()
    page.goto(f"{console[1]}/overrides")
    expect(page.get_by_text("None is waiting.")).to_be_visible()

    under = console[0]
    sent = "SELECT count(*) FROM outbox WHERE organisation = 'org:ods:Y99999' AND state = 'sent'"
    under.until(lambda: under.one(f"{sent} AND claims && ARRAY['narrative.full']") > 0, "told")
    practice = browser.new_context().new_page()
    sign_in(practice, console[1], "Dr M. Varga-Bello")
    sign_in(plain, console[1], "Ola Marchetti")
    plain.get_by_role("link", name="Overrides to review").click()
    plain.locator("main").get_by_role("link", name=re.compile("Concern")).first.click()
    expect(plain.get_by_text("He is at the practice this afternoon.")).to_be_visible()
    assert "working days" not in plain.content()
    assert "Idris" not in plain.content()
    assert "wedged" not in plain.content(), "a reviewer sees no content of the concern"
    plain.get_by_role("button", name="Record the review").click()
    expect(plain.get_by_text("Choose what you find").first).to_be_visible()
    plain.get_by_label("Not justified").check()
    plain.locator("#words").fill("The practice could have been rung.")
    plain.get_by_role("button", name="Record the review").click()
    expect(plain.get_by_text("not yet acknowledged")).to_be_visible()

    practice.goto(console[1])
    expect(practice.get_by_role("heading", name="Must see")).to_be_visible()
    practice.locator(".cb-line a").first.click()
    heading = "Something you were told may no longer be relied on"
    expect(practice.get_by_role("heading", name=heading)).to_be_visible()
    expect(practice.get_by_text("found it not justified")).to_be_visible()
    expect(practice.get_by_text("cannot be unread")).to_be_visible()
    assert "wedged" not in practice.content()
    practice.get_by_role("button", name="I have seen this").click()
    plain.reload()
    plain.goto(plain.url)
    expect(plain.get_by_text("they have acknowledged that")).to_be_visible()
    practice.context.close()


def test_a_level_is_confirmed_and_only_roles_that_may_are_offered_it(
    page: Page, browser: Browser, console: Console
) -> None:
    alert = alert_about(page, console, "Asha Lindqvist", "Mara Fennick-Oyelowo")
    page.get_by_role("link", name="Confirm how worried").click()
    page.get_by_label("Very worried").check()
    page.get_by_role("button", name="See what this changes").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Recorded")).to_be_visible()
    page.goto(f"{alert}/wishes")
    expect(page.get_by_text("Confirmed: significant harm")).to_be_visible()
    other = browser.new_context().new_page()
    theirs = alert_about(other, console, "P. Oakes", "Idris Vantongeren")
    offered = other.locator("section[aria-labelledby=decide]").inner_text()
    assert "Record a wish about sharing" in offered
    for never in ("Confirm how worried", "Tell somebody now", "Say why others must know"):
        assert never not in offered
    refused = other.goto(f"{theirs}/say/override")
    assert refused is not None
    assert refused.status == 404
    for path in ("/overrides", "/governance"):
        answer = other.goto(f"{console[1]}{path}")
        assert answer is not None
        assert answer.status == 404, path
    other.context.close()


def test_a_school_that_records_a_wish_is_not_shown_who_else_is_told(
    page: Page, console: Console
) -> None:
    alert = alert_about(page, console, "P. Oakes", "Idris Vantongeren")
    page.goto(f"{alert}/say/wish")
    page.locator("#person").fill("R. Vantongeren")
    page.get_by_label("They agree to sharing").check()
    page.get_by_role("button", name="See what this changes").click()
    shown = page.locator("main").inner_text()
    assert "Who else would be told more or less is not shown to your role" in shown
    for never in ("hub", "Police", "Culver Street", "Community Health"):
        assert never not in shown


def test_a_concern_is_found_by_what_was_read_out_and_not_by_somebody_else(
    page: Page, plain: Page, console: Console
) -> None:
    alert = alert_about(page, console, "Tunde Okonjo-Reyes", "Idris Vantongeren")
    caption = page.get_by_text(re.compile("Reference [0-9A-Z]{4}-[0-9A-Z]{4}")).inner_text()
    reference = caption.rpartition(" ")[2]
    thread = console[0].one(f"SELECT thread FROM inbox WHERE reference = '{reference}'")
    for named in (reference, reference.replace("-", " ").lower(), thread):
        page.goto(f"{console[1]}/say")
        page.locator("#named").fill(named)
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_text("Idris Vantongeren").first).to_be_visible()
        assert page.url == alert
    sign_in(plain, console[1], "Ines Santiago-Webb")
    plain.goto(f"{console[1]}/say")
    plain.locator("#named").fill(reference)
    plain.get_by_role("button", name="Find").click()
    expect(plain.get_by_text("There is no concern of that name").first).to_be_visible()
    assert reference not in plain.url


def test_somebody_elses_pages_are_as_unknown_as_ones_that_do_not_exist(
    page: Page, browser: Browser, console: Console
) -> None:
    alert = alert_about(page, console, "Asha Lindqvist", "Mara Fennick-Oyelowo")
    other = browser.new_context().new_page()
    sign_in(other, console[1], "P. Oakes")
    for path in ("/say/wish", "/wishes"):
        answer = other.goto(f"{alert}{path}")
        assert answer is not None
        assert answer.status == 404, path
    form: dict[str, str | float | bool] = {"csrf": "x", "step": "confirm"}
    posted = page.request.post(f"{alert}/say/wish", form=form)
    assert posted.status == 403, "another site's form"
    other.context.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "320"])
def test_pages_about_sharing_are_accessible(
    browser: Browser, console: Console, size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    alert = alert_about(page, console, "Tunde Okonjo-Reyes", "Idris Vantongeren")
    slugs = ("wish", "level", "necessity", "weighed", "override", "detriment", "source")
    paths = [f"{alert}/say/{slug}" for slug in slugs]
    for path in (alert, f"{alert}/wishes", f"{console[1]}/say", *paths):
        page.goto(path)
        accessible(page, size["width"])
    page.get_by_role("button", name="See what this changes").click()
    expect(page.get_by_text("Nothing is lost")).to_be_visible()
    accessible(page, size["width"])
    page.locator("#person").fill("Somebody")
    page.locator("#words").fill("Because.")
    page.get_by_role("button", name="See what this changes").click()
    expect(page.get_by_role("heading", name="Check before you confirm")).to_be_visible()
    accessible(page, size["width"])
    sign_in(page, console[1], "Lise Achterberg")
    page.goto(f"{console[1]}/governance")
    accessible(page, size["width"])
    page.goto(f"{console[1]}/overrides")
    accessible(page, size["width"])
    page.get_by_role("link", name=re.compile("Concern [0-9A-Z]{4}-")).first.click()
    accessible(page, size["width"])
    context.close()
