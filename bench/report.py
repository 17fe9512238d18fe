"""A year's report: how long it takes, how much memory it needs, and what it looks like.

    python bench/report.py [--days 365] [--pictures docs/report]

Simulates every minute of a year (525,600 observations), writes the report as PDF, HTML and CSV in processes of their
own and prints seconds and the largest memory of each, that of its helping processes included. ``--pictures`` renders
the PDF's pages with pdftoppm.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import year


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MB of a process and those that it starts."""
    begun, largest = time.monotonic(), 0.0
    process = subprocess.Popen(command)
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        largest = max(largest, sum(map(memory, family(process.pid))))
        time.sleep(0.05)
    if ended[1]:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.monotonic() - begun, ended[2].ru_utime + ended[2].ru_stime, largest


def family(process: int) -> list[int]:
    """A process and all that it started."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        lists = []
    return [process, *(member for each in lists for child in each.split() for member in family(int(child)))]


def memory(process: int) -> float:
    """MB of a process; what several share is divided among them."""
    try:
        fields = Path(f"/proc/{process}/smaps_rollup").read_text().split()
        return int(fields[fields.index("Pss:") + 1]) / 1024
    except (OSError, ValueError):
        return 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--pictures", type=Path, help="folder for page-1.png and page-2.png")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        records = year.write(Path(folder) / "year.jsonl", arguments.days)
        print(
            f"{arguments.days} days, {sum(1 for _ in records.open())} records; {os.getloadavg()[0]:.1f} processes busy"
        )
        print("output  seconds  of processor  peak MB")
        for ending in ("pdf", "html", "csv"):
            out = Path(folder) / f"report.{ending}"
            command = [sys.executable, "-m", "spasmwatch", "report", "--input", str(records), "--out", str(out)]
            wall, processor, memory = measured(command)
            print(f"{ending:6s} {wall:8.1f} {processor:13.1f} {memory:8.0f}", flush=True)
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            target = str(arguments.pictures / "page")
            subprocess.run(["pdftoppm", "-r", "90", "-png", str(Path(folder) / "report.pdf"), target], check=True)


if __name__ == "__main__":
    main()
