"""``spasmwatch simulate``."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from spasmwatch.cli import Handler
from spasmwatch.errors import UsageError
from spasmwatch_edge.simulator.camera import Exposure
from spasmwatch_edge.simulator.recording import record
from spasmwatch_edge.simulator.scene import Scene
from spasmwatch_edge.simulator.schedule import HEALTHY, HEALTHY_RATES, RESTING, SPASMODIC, SPASMS, Behaviour

SMALLEST_EYES, LARGEST_EYES = 8.0, 200.0


def simulate(parser: argparse.ArgumentParser) -> Handler:
    """Make a labelled video of a portrait with facial spasms and ordinary behaviour."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="video to write (MP4)")
    parser.add_argument("--labels", type=Path, required=True, metavar="FILE", help="labels to write (JSON)")
    parser.add_argument("--photo", type=Path, metavar="FILE", help="frontal portrait (default: a NASA portrait)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same video (default 1)")
    parser.add_argument("--seconds", type=float, default=60.0, help="length (default 60)")
    parser.add_argument("--fps", type=float, default=25.0, help="frames a second (default 25)")
    parser.add_argument("--width", type=int, default=640, help="pixels (default 640)")
    parser.add_argument("--height", type=int, default=480, help="pixels (default 480)")
    parser.add_argument("--eye-distance", type=float, default=60.0, metavar="PX", help="between the eyes (default 60)")
    parser.add_argument("--kind", action="append", choices=SPASMS, help="only this kind of spasm (may be repeated)")
    parser.add_argument("--side", choices=["left", "right"], help="side of hemifacial spasms (default: by the seed)")
    parser.add_argument("--rate", type=float, metavar="N", help="spasms of each kind a minute")
    parser.add_argument("--strength", type=float, nargs=2, default=(0.4, 1.0), metavar=("LOW", "HIGH"), help="0 to 1")
    person = parser.add_mutually_exclusive_group()
    person.add_argument("--healthy", action="store_true", help="ordinary behaviour only, no spasm")
    person.add_argument("--resting", action="store_true", help="15 blinks a minute, sway below a pixel, no spasm")
    parser.add_argument("--noise", type=float, default=2.5, help="sensor noise, standard deviation (default 2.5)")
    parser.add_argument("--blur", type=float, default=0.0, help="blur in pixels (default 0)")
    parser.add_argument("--brightness", type=float, default=1.0, help="1 as the photo, 0.1 a dark room (default 1)")
    parser.add_argument("--infrared", action="store_true", help="monochrome, as a night camera")
    parser.add_argument("--glasses", action="store_true", help="draw glasses")
    return _run


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    scene = Scene(
        photo=arguments.photo,
        seed=arguments.seed,
        fps=arguments.fps,
        width=arguments.width,
        height=arguments.height,
        eye_distance=arguments.eye_distance,
        behaviour=_behaviour(arguments),
        exposure=Exposure(arguments.brightness, arguments.noise, arguments.blur, arguments.infrared),
        glasses=arguments.glasses,
    )
    told = record(scene, arguments.seconds, arguments.out, arguments.labels)
    summary = {"events": len(told["events"]), "confounders": len(told["confounders"]), "seconds": told["seconds"]}
    print(json.dumps({"video": str(arguments.out), "labels": str(arguments.labels)} | summary))
    return 0


def _behaviour(arguments: argparse.Namespace) -> Behaviour:
    if arguments.healthy:
        return HEALTHY
    if arguments.resting:
        return RESTING
    kinds = arguments.kind or SPASMS
    spasms = {kind: arguments.rate if arguments.rate is not None else SPASMODIC.rates[kind] for kind in kinds}
    low, high = arguments.strength
    return replace(SPASMODIC, rates=HEALTHY_RATES | spasms, side=arguments.side, strength=(low, high))


def _check(arguments: argparse.Namespace) -> None:
    """Refuse figures that make no video. Raises UsageError."""
    limits = {
        "seed": (0, 2**31),
        "seconds": (1, 7200),
        "fps": (1, 120),
        "width": (64, 3840),
        "height": (64, 2160),
        "eye_distance": (SMALLEST_EYES, LARGEST_EYES),
        "rate": (0, 20),
        "noise": (0, 60),
        "blur": (0, 20),
        "brightness": (0.01, 3),
    }
    for name, (low, high) in limits.items():
        value = getattr(arguments, name)
        if value is not None and not low <= value <= high:
            raise UsageError(f"--{name.replace('_', '-')} {value:g}: give a number from {low} to {high}")
    low, high = arguments.strength
    if not 0 < low <= high <= 1:
        raise UsageError(f"--strength {low:g} {high:g}: give two rising numbers above 0 and up to 1")
    if arguments.out.resolve() == arguments.labels.resolve():
        raise UsageError("--out and --labels name the same file")
