"""The fault drill at length: 0 lost, 0 doubled, whatever dies in between.

python bench/drill.py [--records 10000] [--kills 44] [--seed 1] [--store influx|sqlite|both] [--keep FOLDER]
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from support.drill import Drill  # noqa: E402


def main() -> int:
    """Run it and print what it showed; fails when anything was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=44)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=["influx", "sqlite", "both"], default="both")
    parser.add_argument("--keep", type=Path, help="leave everything in this folder")
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    failed = False
    for store in ("influx", "sqlite") if args.store == "both" else (args.store,):
        with tempfile.TemporaryDirectory(prefix="spasmwatch-drill-") as name:
            folder = (args.keep or Path(name)) / store
            folder.mkdir(parents=True)
            drill = Drill(folder, store, args.seed, args.records, args.kills)
            outcome = drill.run(told=lambda line: None if args.quiet else print(line, flush=True))
        print(f"{store}: seed {args.seed}, {outcome.produced} records to store, {outcome.kills} kills,", end=" ")
        print(f"{outcome.stored} stored, {len(outcome.lost)} lost, {len(outcome.doubled)} doubled,", end=" ")
        print(f"{len(outcome.wrong)} wrong, {outcome.dead_letters} dead letters, {outcome.seconds:.0f} s")
        print("  " + ", ".join(f"{number} × {action}" for action, number in sorted(outcome.actions.items())))
        for line in (*outcome.lost[:5], *outcome.doubled[:5], *outcome.wrong[:10]):
            print("  " + line)
        failed |= bool(outcome.lost or outcome.doubled or outcome.wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
