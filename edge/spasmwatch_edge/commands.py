"""``spasmwatch edge``, ``analyze``, ``models`` and ``simulate``."""

import argparse
from pathlib import Path

from spasmwatch import runtime
from spasmwatch.cli import Handler
from spasmwatch.settings import load
from spasmwatch_edge.simulator.command import simulate

__all__ = ["analyze", "edge", "models", "simulate"]


def edge(parser: argparse.ArgumentParser) -> Handler:
    """Watch with the camera of this machine and publish what is seen."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=["run", "resume"],
        default="run",
        help="run (default); resume: end a pause, for somebody at the device",
    )

    def handler(arguments: argparse.Namespace) -> None:
        settings = load(arguments.settings)
        if arguments.action == "resume":
            (settings.home.data / "pause.json").unlink(missing_ok=True)
            return
        from spasmwatch_edge.wiring import wire

        runtime.run("edge", settings, wire)

    return handler


def analyze(parser: argparse.ArgumentParser) -> Handler:
    """Find spasms in a recording: one JSON line for each."""
    parser.add_argument("video", type=Path, metavar="VIDEO", help="the recording")
    parser.add_argument("--observations", type=Path, metavar="FILE", help="write what each minute could show")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")

    def handler(arguments: argparse.Namespace) -> None:
        from spasmwatch_edge.analysis import analyze_signals, look_at, progress_stream

        frames = look_at(arguments.video, progress_stream(arguments.quiet))
        analyze_signals(frames, arguments.observations, str(arguments.video))

    return handler


def models(parser: argparse.ArgumentParser) -> Handler:
    """Fetch the landmark model and check it, or say where it lies."""
    parser.add_argument("action", choices=["fetch", "check", "path"], help="fetch it, check it, or print its place")
    parser.add_argument("--from", dest="origin", metavar="PLACE", help="a file or an https address to fetch it from")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to put it (default: the usual place)")

    def handler(arguments: argparse.Namespace) -> None:
        from spasmwatch_edge import model_file

        if arguments.action == "fetch":
            print(model_file.fetch(arguments.origin, arguments.to))
            return
        path = arguments.to or model_file.model_path()
        if arguments.action == "check":
            model_file.read_verified(path)
        print(path)

    return handler
