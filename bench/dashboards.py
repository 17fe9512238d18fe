"""How long every dashboard query takes on thirteen months of one home, every minute of it.

    python bench/dashboards.py [--runs 5]

The history is that of the tests (tests/deploy/history.py), written by the production store into the real engine; each
query is asked as the page asks it when it is opened. No query may take longer than 300 ms.
"""

import argparse
import itertools
import json
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from deploy import history
from deploy.grafana import FILES, defaults, queries
from spasmwatch.adapters.influx_store import InfluxStore
from support.influx import Engine, influxdb

LONGEST_MS = 300


def fill(engine: Engine) -> int:
    """Write the whole history; returns the number of points."""
    store = InfluxStore(engine.settings, home="home", timezone="UTC")
    records, number = history.records(minutes_from=history.FIRST), 0
    while batch := list(itertools.islice(records, 5000)):
        store.write(batch)
        number += len(batch)
    store.close()
    return number


def ask(engine: Engine, query: str) -> float:
    """Milliseconds until the whole answer is there."""
    arguments = urllib.parse.urlencode({"db": engine.settings.bucket, "q": query, "epoch": "ms"})
    began = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.port}/query?{arguments}", timeout=60) as answer:
        result = json.load(answer)["results"][0]
    assert "error" not in result, result
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure and print a table, slowest first; status 1 when the median of one is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, influxdb(Path(folder)) as engine:
        began = time.perf_counter()
        number = fill(engine)
        print(f"{number:,} points written in {time.perf_counter() - began:.0f} s")
        rows = []
        for file in FILES:
            for span in (None, "now-13M"):
                for query in queries(file, history.NOW, defaults(file), whole=span):
                    times = [ask(engine, query.text) for _ in range(arguments.runs)]
                    rows.append(
                        (max(times), median(times), query.dashboard, query.title, query.ref, span or "as opened")
                    )
        rows.sort(reverse=True)
        print(f"{'slowest':>9s} {'median':>9s}  {'period':10s} query")
        for slowest, middle, uid, title, ref, span in rows[:15]:
            print(f"{slowest:6.1f} ms {middle:6.1f} ms  {span:10s} {uid}: {title} {ref}")
        slow = max(middle for _, middle, *_ in rows)
        print(f"{len(rows)} queries; the slowest took {slow:.1f} ms (median of its runs)")
    sys.exit(slow > LONGEST_MS)


if __name__ == "__main__":
    main()
