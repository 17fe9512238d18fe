"""``spasmwatch edge``, ``analyze``, ``models`` and ``simulate``."""

import argparse
import threading
from pathlib import Path

from spasmwatch import runtime
from spasmwatch.cli import Handler
from spasmwatch.errors import UsageError
from spasmwatch.settings import Settings, load
from spasmwatch_edge.simulator.command import simulate

__all__ = ["analyze", "edge", "models", "simulate"]


def edge(parser: argparse.ArgumentParser) -> Handler:
    """Watch with the camera of this machine; enrol the person; aim the camera."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=["run", "enrol", "place", "resume"],
        default="run",
        help="run (default); enrol: learn the person's face; place: aim the camera; resume: end a pause at the device",
    )
    parser.add_argument("--consent", action="store_true", help="the person has agreed (asked for otherwise)")
    parser.add_argument("--speak", action="store_true", help="enrol, place: say aloud what to do")

    def handler(arguments: argparse.Namespace) -> None:
        settings = load(arguments.settings)
        if arguments.action == "run":
            from spasmwatch_edge.wiring import wire

            runtime.run("edge", settings, wire)
        elif arguments.action == "resume":
            (settings.home.data / "pause.json").unlink(missing_ok=True)
        else:
            _at_the_device(arguments, settings)

    return handler


def _at_the_device(arguments: argparse.Namespace, settings: Settings) -> None:
    from spasmwatch_edge import guided
    from spasmwatch_edge.prior_file import prior_path
    from spasmwatch_edge.sources.opening import camera_name, open_source
    from spasmwatch_edge.wiring import enrolment_folder

    guided.ask_consent(arguments.consent)
    say, stopping = guided.speaker(arguments.speak), threading.Event()
    source = open_source(settings.camera, stopping.wait)
    try:
        if arguments.action == "place":
            guided.place(source, camera_name(settings.camera), settings.home.data, say)
        else:
            guided.enrol_person(settings.home.person, source, enrolment_folder(settings), say, stopping)
            # It may be another face: what was usual for the last one says nothing of it.
            prior_path(settings.home.data).unlink(missing_ok=True)
    finally:
        source.close()


def analyze(parser: argparse.ArgumentParser) -> Handler:
    """Find spasms in a recording: one JSON line for each."""
    parser.add_argument("video", type=Path, nargs="?", metavar="VIDEO", help="the recording")
    parser.add_argument("--replay", type=Path, metavar="TRACE", help="a trace that the camera program kept, instead")
    parser.add_argument("--observations", type=Path, metavar="FILE", help="write what each minute could show")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")

    def handler(arguments: argparse.Namespace) -> None:
        from spasmwatch_edge.analysis import analyze_signals, look_at, progress_stream, replay_trace

        if (arguments.video is None) == (arguments.replay is None):
            raise UsageError("analyze needs either a VIDEO or --replay TRACE")
        if arguments.replay is not None:
            replay_trace(arguments.replay)
            return
        frames = look_at(arguments.video, progress_stream(arguments.quiet))
        analyze_signals(frames, arguments.observations, str(arguments.video))

    return handler


def models(parser: argparse.ArgumentParser) -> Handler:
    """Fetch the models and check them, or say where they lie."""
    parser.add_argument("action", choices=["fetch", "check", "path"], help="fetch it, check it, or print its place")
    parser.add_argument("--all", action="store_true", help="the recognition model, too; enrolment needs it")
    parser.add_argument("--from", dest="origin", metavar="PLACE", help="a file or an https address to fetch it from")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to put it (default: the usual place)")

    def handler(arguments: argparse.Namespace) -> None:
        from spasmwatch_edge import model_file

        if arguments.all and (arguments.origin or arguments.to):
            raise UsageError("--from and --to name the landmark model's place; leave them out with --all")
        for model in (model_file.LANDMARKS, model_file.RECOGNITION) if arguments.all else (model_file.LANDMARKS,):
            if arguments.action == "fetch":
                print(model_file.fetch(arguments.origin, arguments.to, model))
                continue
            path = arguments.to or model_file.model_path(model)
            if arguments.action == "check":
                model_file.read_verified(path, model)
            print(path)

    return handler
