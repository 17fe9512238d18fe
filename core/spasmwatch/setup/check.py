"""`spasmwatch check`: is everything there and able to work? Each room adds its own checks.

A room announces a function in the entry-point group ``spasmwatch.checks``: it takes the settings and the parsed
arguments and yields findings. A check that raises a SpasmWatchError has failed with that error's text.
"""

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from pathlib import Path
from uuid import uuid4

from spasmwatch import settings as settings_room
from spasmwatch.cli import Handler
from spasmwatch.errors import SpasmWatchError
from spasmwatch.settings import Settings

GROUP = "spasmwatch.checks"
ENOUGH_DISK_MB = 500.0
CONNECT_S = 8.0
RENEW_DAYS = 60


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``fine`` None: nothing can be said, or it concerns nobody here."""

    what: str
    fine: bool | None
    says: str


Check = Callable[[Settings, argparse.Namespace], Iterator[Finding]]


def check(parser: argparse.ArgumentParser) -> Handler:
    """Look whether settings, broker, store, models and camera work, and say what to do."""
    parser.add_argument("--camera", action="store_true", help="open the camera for some seconds; nothing is kept")
    parser.add_argument("--consent", action="store_true", help="with --camera: everybody in view has agreed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return _check


def _check(args: argparse.Namespace) -> None:
    settings = settings_room.load(args.settings)
    failed = 0
    for finding in _findings(settings, args):
        failed += finding.fine is False
        print(json.dumps(asdict(finding)) if args.json else _line(finding), flush=True)
    if failed:
        raise SpasmWatchError(f"{failed} {'check' if failed == 1 else 'checks'} failed; see above")


def _line(finding: Finding) -> str:
    return f"{ {True: 'ok', False: 'FAILED', None: '-'}[finding.fine]:7s} {finding.what:12s} {finding.says}"


def _findings(settings: Settings, args: argparse.Namespace) -> Iterator[Finding]:
    own = (("data", _data), ("broker", _broker), ("store", _store), ("certificates", _certificates))
    for name, look in own:
        yield from _safely(name, lambda look=look: look(settings))  # type: ignore[misc]
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            room: Check = point.load()
        except ImportError:
            continue  # this machine has not that role
        yield from _safely(point.name, lambda room=room: room(settings, args))  # type: ignore[misc]


def _safely(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except SpasmWatchError as error:
        yield Finding(name, fine=False, says=str(error))


def _data(settings: Settings) -> Iterator[Finding]:
    from spasmwatch.runtime import private_folder

    folder = private_folder(settings.home.data)
    yield Finding("data", fine=True, says=f"{folder} can be written to")
    free = shutil.disk_usage(folder).free / 1e6
    enough = free >= ENOUGH_DISK_MB
    yield Finding(
        "disk", enough, f"{free:,.0f} MB free" + ("" if enough else f"; make room: {ENOUGH_DISK_MB:.0f} MB at least")
    )


def _broker(settings: Settings) -> Iterator[Finding]:
    from spasmwatch.adapters.mqtt import MqttBus
    from spasmwatch.domain.topics import Topics

    mqtt = settings.mqtt
    bus = MqttBus(mqtt, Topics(mqtt.base, settings.home.name), client=f"{settings.home.name}-check-{uuid4().hex[:8]}")
    try:
        bus.wait_until_connected(CONNECT_S)
    finally:
        bus.close()
    how = "encrypted" if mqtt.ca_file else "in the clear"
    yield Finding("broker", fine=True, says=f"{mqtt.host}:{mqtt.port} lets {mqtt.username or 'us'} in, {how}")


def _store(settings: Settings) -> Iterator[Finding]:
    if (
        settings.store.kind == "influx"
        and settings.store.influx.token is None
        and settings.store.influx.token_file is None
    ):
        yield Finding("store", None, "this machine has no token for it; the recorder's has")
        return
    from spasmwatch.adapters.stores import open_store

    store = open_store(settings, readonly=True)
    try:
        counts = store.counts()
    finally:
        store.close()
    yield Finding("store", fine=True, says=f"{sum(counts.values()):,} records in the {settings.store.kind} store")


def _certificates(settings: Settings) -> Iterator[Finding]:
    files = [file for file in (settings.mqtt.certificate_file, settings.diary.certificate_file) if file]
    if not files:
        return
    from datetime import UTC, datetime

    from spasmwatch.setup.authority import ends_at

    for file in dict.fromkeys(map(Path, files)):
        days = (ends_at(file) - datetime.now(UTC)).days
        fine = days > RENEW_DAYS
        advice = "" if fine else "; run spasmwatch init on the server again and copy the new files"
        yield Finding("certificate", fine, f"{file} is good for {days} more days{advice}")
