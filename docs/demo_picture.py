"""Take the README's picture from the running demo: ``.venv/bin/python docs/demo_picture.py``.

Starts the demo on the simulated face, waits until an alert stands on the page, and saves docs/pictures/demo.png.
"""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from spasmwatch.home.embedded import free_port

OUT = Path(__file__).resolve().parent / "pictures" / "demo.png"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> int:
    """Write the picture; returns the exit status."""
    port = free_port()
    command = [sys.executable, "-m", "spasmwatch", "demo", "--no-browser", "--port", str(port)]
    with subprocess.Popen(command) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 860})
        for _ in range(60):
            try:
                page.goto(f"http://127.0.0.1:{port}/")
                break
            except Exception:
                page.wait_for_timeout(500)
        page.get_by_role("button", name="I have seen it").first.wait_for(timeout=180_000)
        page.wait_for_timeout(65_000)  # one full minute observed; for a rate that is too little, and the page says so
        page.reload()
        page.screenshot(path=OUT)
        browser.close()
        demo.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
