"""The pages: from tap to stored record, the Now page with a year of data, the weight of the first load.

Run: .venv/bin/python bench/diary.py [--days 365] [--taps 100] [--redrawn 30]
"""

import argparse
import gzip
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.living_home import PASSWORD, LivingHome, living_home

FIRST_LOAD = ("/static/style.css", "/static/early.js", "/static/app.js", "/static/icons.svg", "/static/icon.svg",
              "/static/app.webmanifest",
              "/static/wire.js", "/static/queue.js", "/static/live.js", "/static/log.js", "/static/ask.js",
              "/static/alerts.js", "/static/pictures.js", "/static/review.js", "/static/outline.js",
              "/static/check.js", "/service-worker.js")  # fmt: skip


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--redrawn", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, living_home(Path(folder), days=given.days) as home:
        home.add_people()
        with httpx.Client(base_url=home.page) as client:
            client.post("/login", data={"name": "caregiver", "password": PASSWORD})
            client.cookies.set("screen", "narrow")
            print(f"{'what':44s} {'median':>9s} {'p95':>9s}  wanted")
            _line("tap to stored record, ms", [_tap(client, home) for _ in range(given.taps)], "p95 <= 300")
            _get(client, "/")
            _line(f"Now page, {given.days} days, unchanged, ms", [_get(client, "/") for _ in range(30)], "<= 200")
            changed, drawn = [], []
            for _ in range(given.redrawn):
                home.see()
                time.sleep(1.5)  # until the recorder has stored it
                changed.append(_get(client, "/"))
                drawn.append(changed[-1] + sum(_get(client, path) for path in _pictures(client)))
            _line(f"Now page, {given.days} days, new numbers, ms", changed, "<= 200")
            _line("the same until both charts are redrawn, ms", drawn, "")
            weights = {path: _weight(client, path) for path in ("/", *_pictures(client), *FIRST_LOAD)}
            print(f"{'first load, kB gzipped':44s} {sum(weights.values()) / 1000:9.1f} {'':9s}  <= 400")


def _line(name: str, values: list[float], wanted: str) -> None:
    values = sorted(values)
    p95 = values[min(len(values) - 1, round(0.95 * len(values)))]
    print(f"{name:44s} {statistics.median(values):9.1f} {p95:9.1f}  {wanted}")


def _tap(client: httpx.Client, home: LivingHome) -> float:
    """From the request of a tap until the recorder has the record in the store."""
    csrf = client.get("/api/v1/session").json()["csrf"]
    started = time.perf_counter()
    answer = client.post("/api/v1/entries", json={"kind": "stress", "value": 5}, headers={"X-CSRF-Token": csrf})
    answer.raise_for_status()
    path = home.settings.home.data / "store.sqlite"
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as store:
        while not store.execute("SELECT 1 FROM record WHERE id = ?", (answer.json()["id"],)).fetchone():
            time.sleep(0.001)
    took = (time.perf_counter() - started) * 1000
    time.sleep(0.5)  # below the limit of writes a minute
    return took


def _get(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    client.get(path).raise_for_status()
    return (time.perf_counter() - started) * 1000


def _pictures(client: httpx.Client) -> list[str]:
    """Addresses of the charts of the page as it is now."""
    return re.findall(r'data-picture="([^"]+)"', client.get("/").text)


def _weight(client: httpx.Client, path: str) -> int:
    return len(gzip.compress(client.get(urljoin("/", path)).content))


if __name__ == "__main__":
    main()
