"""How fast a long history is read: a busy home of 13 months (500 spasms a day, a minute of observation each minute).

    python bench/store.py [--days 395] [--store influx|sqlite|both] [--reads 30]

A day's view is what a page asks for: the day's spasms with their verdicts, its hourly rates, diary and triggers.
"""

import argparse
import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parent)]

from homes import DAY, START, history  # noqa: E402
from spasmwatch.adapters.influx_store import InfluxStore  # noqa: E402
from spasmwatch.adapters.sqlite_store import SqliteStore  # noqa: E402
from spasmwatch.ports import Store  # noqa: E402
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper  # noqa: E402
from support import make  # noqa: E402
from support.influx import influxdb  # noqa: E402

ZONE = "Europe/Berlin"
BATCH = 5000


@contextlib.contextmanager
def opened(kind: str, folder: Path) -> Iterator[tuple[Store, Store]]:
    """An empty store, to write and to read."""
    if kind == "sqlite":
        store = SqliteStore(folder / "store.sqlite", home="home", timezone=ZONE)
        yield store, store
    else:
        with influxdb(folder / "influx") as engine:
            # Read without the tests' forwarder, which only writing to this old engine needs.
            direct = engine.settings.model_copy(update={"url": f"http://127.0.0.1:{engine.port}"})
            yield (
                InfluxStore(engine.settings, home="home", timezone=ZONE),
                InfluxStore(direct, home="home", timezone=ZONE),
            )


def fill(store: Store, days: int) -> tuple[int, float]:
    """Number of records written and seconds it took to write them, with their roll-ups."""
    keeper = RollupKeeper(store, "home", ZoneInfo(ZONE))
    chance = random.Random(5)
    records = history(7)
    number, seconds = 0, 0.0
    end = START + days * DAY
    while batch := [record for record in islice(records, BATCH) if record.when < end]:
        entries = [
            make.stamped(make.diary(batch[0].when + timedelta(seconds=chance.uniform(0, 7200)), text="a cup of coffee"))
            for _ in range(20)
        ]
        began = time.perf_counter()
        keeper.write([*batch, *entries])
        seconds += time.perf_counter() - began
        number += len(batch) + len(entries)
    return number, seconds


def measure(read: Callable[[], int], reads: int) -> str:
    """One line: median and 95 % of the time, the computing time of this process alone, rows of the last read."""
    times, own = [], []
    rows = 0
    for _ in range(reads):
        began, computing = time.perf_counter(), time.process_time()
        rows = read()
        times.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - computing) * 1000)
    median, worst = statistics.median(times), sorted(times)[int(0.95 * (len(times) - 1))]
    return f"{median:8.1f} ms median {worst:8.1f} ms 95 % {statistics.median(own):8.1f} ms own CPU   {rows} rows"


def main() -> None:
    """Fill and read; print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=395)
    parser.add_argument("--store", choices=["influx", "sqlite", "both"], default="both")
    parser.add_argument("--reads", type=int, default=30)
    args = parser.parse_args()
    chance = random.Random(3)

    def some_day() -> tuple[object, object]:
        start = START + chance.randrange(1, args.days - 1) * DAY
        return start, start + DAY

    for kind in ("influx", "sqlite") if args.store == "both" else (args.store,):
        with (
            tempfile.TemporaryDirectory(prefix="spasmwatch-bench-") as name,
            opened(kind, Path(name)) as (writing, store),
        ):
            number, seconds = fill(writing, args.days)
            print(
                f"{kind}: {number} records of {args.days} days, written with roll-ups at {number / seconds:.0f}/s",
                end="",
            )
            print(f" (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")

            def day_view(store: Store = store) -> int:
                start, end = some_day()
                spasms = list(store.read("spasm", "patient", start, end))  # type: ignore[arg-type]
                rates = store.rates("patient", start, end, "hour", ZONE)  # type: ignore[arg-type]
                others = [
                    record
                    for what in ("diary", "trigger")
                    for record in store.read(what, "patient", start, end)  # type: ignore[arg-type]
                ]
                return len(spasms) + len(rates) + len(others)

            def year(store: Store = store) -> int:
                end = START + args.days * DAY
                return len(store.rates("patient", end - 365 * DAY, end, "day", ZONE))

            def minutes(store: Store = store) -> int:
                start, end = some_day()
                return len(list(store.read("observation", "patient", start, end)))  # type: ignore[arg-type]

            for what, read in (
                ("a day's view", day_view),
                ("a year's daily rates", year),
                ("a day's minutes", minutes),
            ):
                print(f"  {what:22s} {measure(read, args.reads)}", flush=True)
            writing.close()
            store.close()


if __name__ == "__main__":
    main()
