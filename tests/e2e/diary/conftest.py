from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from support.browser import chromium, phone
from support.living_home import PASSWORD, LivingHome, living_home


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingHome]:
    """A running home with some weeks of past and one account for each role."""
    with living_home(tmp_path_factory.mktemp("home"), days=25) as running:
        running.add_people()
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A phone with a fresh profile."""
    fresh = phone(browser)
    fresh.set_default_timeout(20_000)
    yield fresh
    fresh.close()


def log_in(context: BrowserContext, home: LivingHome, role: str) -> Page:
    """The first page as somebody with this role sees it."""
    page = context.new_page()
    page.goto(f"{home.page}/login")
    page.get_by_label("Your name").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{home.page}/")
    return page
