"""A real browser, and a fresh page for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.walking import WIDE, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()
