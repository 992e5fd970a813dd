"""Signing in, reading pages with axe, and starting what the browser tests stand on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from broker.domain.words import Agency
from deploy.local.parts import free_port
from deploy.local.run import answers
from tests import environment
from tests.system.running import Broker, broker, publish

MESSAGES = Path(__file__).parents[2] / "deploy" / "local" / "families" / "messages"
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
def serving(folder: Path, kafka: str, dsn: str, *also: str) -> Iterator[tuple[Broker, str]]:
    """The broker with four concerns in it, its console, and what else it should run."""
    port = free_port()
    with broker(folder, kafka, dsn) as under:
        under.start("carry", "carry", "--lane", "routine")
        under.start("emergency", "carry", "--lane", "emergency")
        under.start("api", "api", "--port", str(port), "--spool", str(folder / "spool"))
        for each in also:
            under.start(each, each)
        for agency, file in (
            (Agency.SCHOOLS, "wexcombe-safeguarding.csv"),
            (Agency.POLICE, "police-notice.csv"),
        ):
            publish(under, agency, "csv-profile", [(MESSAGES / file).read_bytes()])
        under.until(lambda: under.one("SELECT count(*) FROM inbox") == 4, "four concerns")
        under.until(lambda: answers(f"http://127.0.0.1:{port}/livez"), "console")
        yield under, f"http://127.0.0.1:{port}"


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
