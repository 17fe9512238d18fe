"""``spasmwatch simulate``."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from spasmwatch.cli import Handler
from spasmwatch.errors import UsageError
from spasmwatch_edge.simulator.camera import Exposure
from spasmwatch_edge.simulator.overlay import overlaid
from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.recording import record
from spasmwatch_edge.simulator.scene import Scene, rendered
from spasmwatch_edge.simulator.schedule import (
    HEALTHY,
    HEALTHY_RATES,
    RESTING,
    SPASMODIC,
    SPASMS,
    Behaviour,
    labels,
    until,
)
from spasmwatch_edge.sources.recording import Recording

# What describes a portrait's scene; a recording of a real face has its own.
SCENE = {"fps": 25.0, "width": 640, "height": 480, "eye_distance": 60.0}
Recorded = tuple[Iterator[tuple[float, Picture]], dict[str, Any]]

SMALLEST_EYES, LARGEST_EYES = 8.0, 200.0


def simulate(parser: argparse.ArgumentParser) -> Handler:
    """Make a labelled video of a portrait with facial spasms and ordinary behaviour."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="video to write (MP4)")
    parser.add_argument("--labels", type=Path, required=True, metavar="FILE", help="labels to write (JSON)")
    face = parser.add_mutually_exclusive_group()
    face.add_argument("--photo", type=Path, metavar="FILE", help="frontal portrait (default: a NASA portrait)")
    face.add_argument("--on", type=Path, metavar="VIDEO", help="put the spasms onto this recording of a real face")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same video (default 1)")
    parser.add_argument("--seconds", type=float, default=60.0, help="length (default 60)")
    parser.add_argument("--fps", type=float, help="frames a second (default 25)")
    parser.add_argument("--width", type=int, help="pixels (default 640)")
    parser.add_argument("--height", type=int, help="pixels (default 480)")
    parser.add_argument("--eye-distance", type=float, metavar="PX", help="between the eyes (default 60)")
    parser.add_argument("--kind", action="append", choices=SPASMS, help="only this kind of spasm (may be repeated)")
    parser.add_argument("--side", choices=["left", "right"], help="side of hemifacial spasms (default: by the seed)")
    parser.add_argument("--rate", type=float, metavar="N", help="spasms of each kind a minute")
    parser.add_argument("--strength", type=float, nargs=2, default=(0.4, 1.0), metavar=("LOW", "HIGH"), help="0 to 1")
    person = parser.add_mutually_exclusive_group()
    person.add_argument("--healthy", action="store_true", help="ordinary behaviour only, no spasm")
    person.add_argument("--resting", action="store_true", help="15 blinks a minute, sway below a pixel, no spasm")
    parser.add_argument("--noise", type=float, help="sensor noise, standard deviation (default 2.5, on a video 0)")
    parser.add_argument("--blur", type=float, default=0.0, help="blur in pixels (default 0)")
    parser.add_argument("--brightness", type=float, default=1.0, help="1 as the photo, 0.1 a dark room (default 1)")
    parser.add_argument("--infrared", action="store_true", help="monochrome, as a night camera")
    parser.add_argument("--glasses", action="store_true", help="draw glasses")
    return _run


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    for name, usual in SCENE.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, usual)
    frames, told = _on_video(arguments) if arguments.on else _on_photo(arguments)
    told = record(frames, told, arguments.out, arguments.labels)
    summary = {"events": len(told["events"]), "confounders": len(told["confounders"]), "seconds": told["seconds"]}
    print(json.dumps({"video": str(arguments.out), "labels": str(arguments.labels)} | summary))
    return 0


def _on_photo(arguments: argparse.Namespace) -> Recorded:
    scene = Scene(
        photo=arguments.photo,
        seed=arguments.seed,
        fps=arguments.fps,
        width=arguments.width,
        height=arguments.height,
        eye_distance=arguments.eye_distance,
        behaviour=_behaviour(arguments),
        exposure=_exposure(arguments),
        glasses=arguments.glasses,
    )
    schedule = until(scene.seed, scene.behaviour, arguments.seconds)
    told = labels(arguments.out.stem, schedule, scene.fps, arguments.seconds, (scene.width, scene.height))
    return rendered(scene, schedule, arguments.seconds), told


def _on_video(arguments: argparse.Namespace) -> Recorded:
    """The person in the recording blinks and talks anyway, so only spasms are added."""
    recording = Recording(arguments.on, start=0.0, duration_s=arguments.seconds)
    seconds = min(arguments.seconds, recording.frames_expected / recording.fps)
    behaviour = _behaviour(arguments)
    behaviour = replace(behaviour, rates={kind: behaviour.rates.get(kind, 0.0) for kind in SPASMS})
    schedule = until(arguments.seed, behaviour, seconds)
    told = labels(arguments.out.stem, schedule, recording.fps, seconds, recording.size)
    exposure = _exposure(arguments)
    frames = overlaid(recording.frames(), schedule, exposure=exposure, seed=arguments.seed, glasses=arguments.glasses)
    return frames, told


def _exposure(arguments: argparse.Namespace) -> Exposure:
    # A recording of a real face has noise of its own.
    noise = arguments.noise if arguments.noise is not None else 0.0 if arguments.on else 2.5
    return Exposure(arguments.brightness, noise, arguments.blur, arguments.infrared)


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
    if arguments.on:
        for name in (*SCENE, "healthy", "resting"):
            if getattr(arguments, name):
                raise UsageError(f"--{name.replace('_', '-')} is for a portrait: a recording (--on) is taken as it is")
    low, high = arguments.strength
    if not 0 < low <= high <= 1:
        raise UsageError(f"--strength {low:g} {high:g}: give two rising numbers above 0 and up to 1")
    if arguments.out.resolve() == arguments.labels.resolve():
        raise UsageError("--out and --labels name the same file")
