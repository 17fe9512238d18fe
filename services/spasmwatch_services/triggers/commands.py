"""``spasmwatch triggers``: serve, discover, test."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Final

from spasmwatch import settings
from spasmwatch.cli import Handler
from spasmwatch.errors import UsageError
from spasmwatch.settings import Settings

MOST_SECONDS: Final = 7 * 86400


def triggers(parser: ArgumentParser) -> Handler:
    """Turn what the smart home measures into triggers; look at its traffic; try settings on a recording."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=("serve", "discover", "test"),
        default="serve",
        help="serve (default); discover: listen and propose settings; test: print what a recording would become",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, help="recording: JSON lines of time, topic, payload, retain (test, discover)"
    )
    parser.add_argument("--seconds", type=_seconds, default=60.0, help="how long discover listens (default 60)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="discover: keep the traffic heard in FILE")
    parser.add_argument(
        "--run-on", type=_seconds, default=3600.0, metavar="SECONDS",
        help="test: how long the clock runs on after the last message (default 3600)",
    )  # fmt: skip

    def handle(args: Namespace) -> None:
        loaded = settings.load(args.settings)
        if args.action == "serve":
            if args.file is not None:
                raise UsageError("serve takes no file; did you mean: spasmwatch triggers test FILE?")
            from spasmwatch_services.triggers.__main__ import main

            main(loaded)
        elif args.action == "test":
            if args.file is None:
                raise UsageError("test needs a recording: spasmwatch triggers test RECORDED.jsonl")
            _test(loaded, args.file, args.run_on)
        else:
            _discover(loaded, args)

    return handle


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no number of seconds") from error
    if not 0 <= seconds <= MOST_SECONDS:
        raise ArgumentTypeError(f"{text} is not between 0 and {MOST_SECONDS} seconds (a week)")
    return seconds


def _test(loaded: Settings, file: Path, run_on_s: float) -> None:
    from spasmwatch_services.triggers.recording import arrivals, replay

    for record in replay(arrivals(file), loaded, run_on_s):
        print(record.payload().decode())


def _discover(loaded: Settings, args: Namespace) -> None:
    from spasmwatch_services.triggers.discover import Discovery
    from spasmwatch_services.triggers.listening import listen
    from spasmwatch_services.triggers.recording import arrivals

    discovery = Discovery(loaded.triggers.sources)
    if args.file is not None:
        for arrival in arrivals(args.file):
            discovery.add(arrival)
    else:
        print(f"listening for {args.seconds:g} s …", file=sys.stderr)
        listen(loaded, discovery.add, args.seconds, args.record)
    print(discovery.proposal())
