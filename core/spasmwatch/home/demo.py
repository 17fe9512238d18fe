"""The demo: the whole chain on a recording, a camera or the simulator, in a throw-away folder."""

import json
import logging
import math
import sys
import tempfile
import threading
import time
import webbrowser
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from spasmwatch.adapters.stores import open_store
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import BusError, SourceError, SpasmWatchError, UsageError
from spasmwatch.home.embedded import WATCHER, EmbeddedHome, free_port, port_is_free
from spasmwatch.home.phone import DemoPhone
from spasmwatch.home.watcher import Watcher
from spasmwatch.runtime import private_folder
from spasmwatch.settings import Settings, load
from spasmwatch.settings.mqtt import Mqtt

log = logging.getLogger(__name__)

USUAL_PORT, HIGHEST_PORT = 8080, 65535
SETTLE_S = 30.0
"""How long the records of the last second may take to be stored and judged."""
CALM_S = 1.0
LINE_EVERY_S = 5.0
DEMO_PROGRAMS = ("recorder", "alerts", "diary", "edge")
"""A demo has no smart home to listen to and too little history for insights."""


@dataclass(frozen=True)
class DemoOptions:
    """What was asked for on the command line."""

    video: Path | None
    duration: float | None
    port: int | None
    browser: bool
    data: Path | None
    speed: str
    as_json: bool
    push: tuple[str, ...]


def check(options: DemoOptions) -> None:
    """Refuse early what cannot work. Raises SpasmWatchError before anything is started or written."""
    if options.duration is not None and not 0 < options.duration < math.inf:
        raise UsageError("--duration must be a number of seconds above 0")
    for path in (options.video, options.data):
        if path and not str(path.resolve()).isprintable():
            raise UsageError(f"{str(path)!r}: the demo takes names of printable characters only")
    if options.port is not None and not 0 <= options.port <= HIGHEST_PORT:
        raise UsageError(f"--port must be a number from 0 to {HIGHEST_PORT}")
    if options.video is not None:
        if not options.video.is_file():
            raise SpasmWatchError(f"no video at {options.video}")
        if options.video.stat().st_size == 0:
            raise SpasmWatchError(f"the video {options.video} is empty")
    elif options.speed == "max":
        raise UsageError("--speed max needs --video FILE")
    if options.port and not port_is_free(options.port):
        raise SpasmWatchError(f"port {options.port} is in use or not for this user; choose another with --port")


def settings_text(options: DemoOptions, data: Path, port: int, phone: str) -> str:
    """The settings file of the demo."""
    source = str(options.video.resolve()) if options.video else "auto"
    return "\n".join([
        "[home]", 'name = "demo"', f"data = {_quoted(str(data))}", f"timezone = {_quoted(_timezone())}",
        "[camera]", f"source = {_quoted(source)}", f'speed = "{options.speed}"', "demo = true",
        f"duration_s = {options.duration}" if options.duration else "",
        "[diary]", 'host = "127.0.0.1"', f"port = {port}", "open_on_loopback = true",
        "[alerts]", f"push = {_quoted([phone, *options.push])}", "group_s = 2",
        # A demo lasts a minute or so; in a home a burst may take five.
        "[alerts.escalation]", "burst_count = 4",
        "",
    ])  # fmt: skip


def _quoted(value: str | list[str]) -> str:
    """As TOML, which reads JSON's texts and lists, but not its pairs of escapes for rarer characters."""
    return json.dumps(value, ensure_ascii=False)


def _timezone() -> str:
    """This machine's IANA time zone, UTC where it cannot be told."""
    try:
        return str(Path("/etc/localtime").resolve()).split("zoneinfo/")[1]
    except (OSError, IndexError):
        return "UTC"


class Demo:
    """One run of the demo, from start to summary."""

    def __init__(self, options: DemoOptions, stopping: threading.Event) -> None:
        self._options, self._stopping = options, stopping
        self._stack = ExitStack()
        self._kept: dict[str, int] = {}

    def run(self) -> None:
        """Run until the video or the duration ends or somebody stops it. Raises SpasmWatchError."""
        check(self._options)
        with self._stack:
            data = self._data_folder()
            port = self._options.port or (USUAL_PORT if port_is_free(USUAL_PORT) else free_port())
            page = f"http://127.0.0.1:{port}/"
            file = data / "demo.toml"
            phone = DemoPhone(self._say)
            self._stack.callback(phone.close)
            file.write_text(settings_text(self._options, data, port, phone.address), encoding="utf-8")
            settings = load(file)
            self._kept = stored(settings)
            home = EmbeddedHome(data, file, DEMO_PROGRAMS)
            watcher = self._start(home, settings)
            self._say(f"SpasmWatch demo on {page} (Ctrl-C stops it)")
            self._watch(home, watcher, page)
            self._end(home, watcher, settings)
            # Before the recorder ends, too: its own last word has nobody to store it.
            self._report(watcher, settings, page)

    def _data_folder(self) -> Path:
        if self._options.data is not None:
            return private_folder(self._options.data.resolve())
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="spasmwatch-demo-")))

    def _start(self, home: EmbeddedHome, settings: Settings) -> Watcher:
        self._stack.callback(home.close)
        home.start_broker()
        password_file = Path(home.environment(WATCHER)["SPASMWATCH_MQTT__PASSWORD_FILE"])
        mqtt = Mqtt(port=home.port, username=WATCHER, password_file=password_file)
        watcher = Watcher(mqtt, Topics(settings.mqtt.base, settings.home.name))
        self._stack.callback(watcher.close)
        home.start_programs()
        return watcher

    def _watch(self, home: EmbeddedHome, watcher: Watcher, page: str) -> None:
        """Show how it goes until the camera program ends by itself or somebody stops it."""
        shown = time.monotonic()
        browser_wanted = self._options.browser
        while not self._stopping.wait(0.2):
            for name in home.ended():
                if home.status(name):
                    raise home.failure(name)
            if not home.broker_runs:
                raise BusError("the embedded broker has ended; start the demo again")
            if home.status("edge") == 0:
                return
            if browser_wanted and "diary" in watcher.online:
                browser_wanted = False
                webbrowser.open(page)
            if time.monotonic() - shown >= LINE_EVERY_S:
                shown = time.monotonic()
                self._say(watcher.line())

    def _end(self, home: EmbeddedHome, watcher: Watcher, settings: Settings) -> None:
        """End the programs that say something, and let it be stored."""
        home.stop_program("edge")
        home.stop_program("diary")
        home.stop_program("alerts")
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline and not self._settled(watcher, settings):
            pass

    def _settled(self, watcher: Watcher, settings: Settings) -> bool:
        """Whether all is stored and nothing follows: the last word of a program may come after its end."""
        before = dict(watcher.published)
        time.sleep(CALM_S)
        return self._stored(settings) == dict(watcher.published) == before

    def _report(self, watcher: Watcher, settings: Settings, page: str) -> None:
        if self._options.video and watcher.seconds and not (watcher.face_s or self._stopping.is_set()):
            raise SourceError(f"{self._options.video}: no face was found in it")
        summary = {**watcher.summary(), "stored": self._stored(settings), "page": page}
        if self._options.as_json:
            print(json.dumps(summary))
            return
        self._say("ended: " + watcher.line())
        for kind, number in summary["stored"].items():
            print(f"  {kind:12s} published {summary['published'].get(kind, 0):5d}   stored {number:5d}")

    def _stored(self, settings: Settings) -> dict[str, int]:
        """What this run has added to the store, by kind: a folder given with --data may hold earlier runs."""
        return {what: new for what, number in stored(settings).items() if (new := number - self._kept.get(what, 0))}

    def _say(self, line: str) -> None:
        """To a person; with --json standard output is the summary's alone."""
        print(line, file=sys.stderr if self._options.as_json else sys.stdout, flush=True)


def stored(settings: Settings) -> dict[str, int]:
    """Number of records in the store by kind, without kinds that have none."""
    store = open_store(settings, readonly=True)
    try:
        return {what: number for what, number in sorted(store.counts().items()) if number}
    finally:
        store.close()
