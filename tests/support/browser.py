"""A real Chromium, driven by Playwright."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from support.require import require

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium without a window."""
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def wait_for_pictures(page: Page) -> None:
    """Until every chart that is to be seen is drawn: drawings come after their page."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-picture]')].every((one) => !one.offsetParent || one.dataset.drawn)"
    )


def phone(browser: Browser, **more: object) -> BrowserContext:
    """A fresh profile on a phone-size touch screen."""
    return browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, **more)  # type: ignore[arg-type]


def desktop(browser: Browser, **more: object) -> BrowserContext:
    """A fresh profile on a desk."""
    return browser.new_context(viewport=DESKTOP, **more)  # type: ignore[arg-type]
