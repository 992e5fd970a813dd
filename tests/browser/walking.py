"""A real browser: signing in, and reading pages as axe and a banned word do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import environment

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 800}
BANNED = ("overdue", "remaining", "countdown", "deadline", "failed to", "non-compliant")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    found = environment.chromium()
    assert found is not None, "CI needs Chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(found), args=_FLAGS)
        yield started
        started.close()


def sign_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="Alerts", exact=True)).to_be_visible()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found: list[str] = page.evaluate(
        "tags => axe.run({runOnly: tags}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes[0].html))",
        tags,
    )
    return found


def accessible(page: Page, width: int) -> None:
    """It fits, says nothing banned, and axe has nothing against it."""
    says_nothing_banned(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    assert violations(page) == [], page.url


def says_nothing_banned(page: Page) -> None:
    expect(page.locator("h1")).to_be_visible()
    text = page.content().casefold()
    for banned in BANNED:
        assert banned not in text, page.url
