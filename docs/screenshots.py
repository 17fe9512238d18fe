"""Makes the pictures of the pages in docs/pictures from a running home with a made-up past.

Run: .venv/bin/python docs/screenshots.py (needs mosquitto and chromium).
"""

import contextlib
import io
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from PIL import Image
from playwright.sync_api import Page

from spasmwatch.runtime import SystemClock
from spasmwatch_services.diary.tls import HomeCertificates
from support.browser import chromium, desktop, phone, wait_for_pictures
from support.living_home import PASSWORD, living_home
from support.push_receiver import push_receiver

HERE = Path(__file__).resolve().parent

PHONE_PAGES = {
    "now": "/", "log": "/log", "timeline": "/timeline", "trends": "/trends", "review": "/review", "check": "/check",
    "people": "/settings/people", "buttons": "/settings/buttons", "trust": "/trust",
}  # fmt: skip
PATIENTS_PAGES = {"settings": "/settings"}
DESKTOP_PAGES = {"now-desktop": "/", "trends-desktop": "/trends"}
DARK_PAGES = {"now-dark": "/", "log-dark": "/log"}

PATIENCE_MS = 120_000
"""A busy machine is no reason to stop half-way: Playwright's own half a minute is."""
RECIPIENTS = """
[[alerts.recipients]]
name = "anna"
address = "{address}"
[[alerts.recipients]]
name = "ben"
address = "{address}"
step = 1
[alerts.quiet]
begin = "22:00:00"
end = "07:00:00"
"""


def main() -> None:
    """Start the home, visit every page, keep a picture of each."""
    pictures = HERE / "pictures"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        # Pages on loopback make no certificate of their own; the trust page is to show one.
        HomeCertificates(Path(folder) / "diary" / "tls", (), SystemClock()).server()
        push = stack.enter_context(push_receiver())
        home = stack.enter_context(
            living_home(Path(folder), days=90, diary=RECIPIENTS.format(address=push.ntfy), timezone=_afternoon())
        )
        browser = stack.enter_context(chromium())
        home.add_people({"owner": "Anna", "caregiver": "Ben", "viewer": "Carla", "patient": "Maria"})
        for open_screen, scheme, who, pages in (
            (phone, "light", "owner", PHONE_PAGES), (phone, "light", "patient", PATIENTS_PAGES),
            (phone, "dark", "owner", DARK_PAGES), (desktop, "light", "owner", DESKTOP_PAGES),
        ):  # fmt: skip
            with open_screen(browser, color_scheme=scheme) as context:
                context.set_default_timeout(PATIENCE_MS)
                page = context.new_page()
                _log_in(page, home.page, who)
                page.goto(home.page)  # once more: by now the home knows the screen
                for name, path in pages.items():
                    page.goto(home.page + path)
                    wait_for_pictures(page)
                    _keep(page.screenshot(), pictures / f"diary-{name}.png")


def _afternoon() -> str:
    """A time zone in which it is five in the afternoon, so that the pictures show a day and not its first minutes."""
    hours = (17 - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def _keep(screenshot: bytes, path: Path) -> None:
    """A picture of few colours: a third of the size, and nobody sees the difference."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def _log_in(page: Page, address: str, who: str) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Your name").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/")


if __name__ == "__main__":
    main()
