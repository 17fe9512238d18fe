"""Makes the pictures of the pages in docs/pictures from a running home with a made-up past.

Run: .venv/bin/python docs/screenshots.py (needs mosquitto and chromium).
"""

import contextlib
import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from PIL import Image
from playwright.sync_api import Page

from spasmwatch.runtime import SystemClock
from spasmwatch_services.diary.tls import HomeCertificates
from support.browser import chromium, desktop, phone
from support.living_home import PASSWORD, living_home

HERE = Path(__file__).resolve().parent

PHONE_PAGES = {
    "now": "/", "log": "/log", "timeline": "/timeline", "trends": "/trends", "review": "/review", "check": "/check",
    "settings": "/settings", "people": "/settings/people", "buttons": "/settings/buttons", "trust": "/trust",
}  # fmt: skip
DESKTOP_PAGES = {"now-desktop": "/", "trends-desktop": "/trends"}
DARK_PAGES = {"now-dark": "/", "log-dark": "/log"}


def main() -> None:
    """Start the home, visit every page, keep a picture of each."""
    pictures = HERE / "pictures"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        # Pages on loopback make no certificate of their own; the trust page is to show one.
        HomeCertificates(Path(folder) / "diary" / "tls", (), SystemClock()).server()
        home = stack.enter_context(living_home(Path(folder), days=90))
        browser = stack.enter_context(chromium())
        home.add_people()
        for open_screen, scheme, pages in (
            (phone, "light", PHONE_PAGES), (phone, "dark", DARK_PAGES), (desktop, "light", DESKTOP_PAGES),
        ):  # fmt: skip
            with open_screen(browser, color_scheme=scheme) as context:
                page = context.new_page()
                _log_in(page, home.page)
                page.goto(home.page)  # once more: by now the home knows the screen
                for name, path in pages.items():
                    page.goto(home.page + path)
                    page.wait_for_load_state("load")
                    _keep(page.screenshot(), pictures / f"diary-{name}.png")


def _keep(screenshot: bytes, path: Path) -> None:
    """A picture of few colours: a third of the size, and nobody sees the difference."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def _log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Your name").fill("owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/")


if __name__ == "__main__":
    main()
