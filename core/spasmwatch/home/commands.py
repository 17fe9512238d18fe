"""``spasmwatch demo`` and ``spasmwatch run``."""

import argparse
import logging
import signal
import threading
from pathlib import Path
from types import FrameType

from spasmwatch.cli import Handler
from spasmwatch.errors import UsageError
from spasmwatch.settings import load


def _stop_on_signal() -> threading.Event:
    """An event that SIGINT and SIGTERM set."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return stopping


def demo(parser: argparse.ArgumentParser) -> Handler:
    """Run the whole chain here and now: on a recording, a camera or the simulator."""
    parser.add_argument("--video", type=Path, metavar="FILE", help="a recording instead of the camera")
    parser.add_argument("--duration", type=float, metavar="SECONDS", help="end after this many seconds")
    parser.add_argument(
        "--port", type=int, metavar="N", help="port of the page on 127.0.0.1 (default 8080 or a free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep everything here (default: a throw-away folder)")
    parser.add_argument("--speed", choices=["real", "max"], default="real", help="max: as fast as the machine can")
    parser.add_argument("--push", action="append", default=[], metavar="ADDRESS", help="an Apprise address to push to")
    parser.add_argument("--json", action="store_true", help="print one summary object at the end")

    def handler(arguments: argparse.Namespace) -> None:
        from spasmwatch.home.demo import Demo, DemoOptions

        if arguments.settings is not None:
            load(arguments.settings)  # what is wrong in it is said first
            raise UsageError("the demo has settings of its own; `spasmwatch run --settings FILE` runs your home")
        logging.getLogger().setLevel("WARNING")
        options = DemoOptions(
            video=arguments.video,
            duration=arguments.duration,
            port=arguments.port,
            browser=not arguments.no_browser,
            data=arguments.data,
            speed=arguments.speed,
            as_json=arguments.json,
            push=tuple(arguments.push),
        )
        Demo(options, _stop_on_signal()).run()

    return handler


def run(parser: argparse.ArgumentParser) -> Handler:
    """Run a permanent home on this machine: all programs and an embedded broker."""

    def handler(arguments: argparse.Namespace) -> None:
        from spasmwatch.home.permanent import run_home

        run_home(arguments.settings, load(arguments.settings), _stop_on_signal())

    return handler
