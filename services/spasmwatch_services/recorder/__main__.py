"""Wires the recorder: broker, the process that writes, ledger, dead letters, health and the page for Prometheus."""

import logging
import shutil
import sys
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, start_http_server

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.cli import expect_many_records
from spasmwatch.domain.records import Health
from spasmwatch.errors import SettingsError, SpasmWatchError
from spasmwatch.runtime import Program, SystemClock, private_folder, run
from spasmwatch.settings import Settings
from spasmwatch_services.recorder.dead_letters import DeadLetters
from spasmwatch_services.recorder.figures import Figures
from spasmwatch_services.recorder.ledger import Ledger
from spasmwatch_services.recorder.service import Recorder
from spasmwatch_services.recorder.store_process import StoreProcess

log = logging.getLogger(__name__)


def wire(program: Program) -> None:
    """Build the recorder and start its threads."""
    settings = program.settings
    chosen = settings.recorder
    data = private_folder(settings.home.data)
    storing = program.own(StoreProcess(settings))
    ledger = program.own(Ledger(data / "recorder" / f"{chosen.node}.sqlite"))
    figures = Figures()
    if chosen.metrics_port is not None:
        program.own(_MetricsPage(figures, chosen.metrics_port, chosen.metrics_host))
    bus = program.connect(chosen.node)
    recorder = Recorder(
        bus,
        program.topics,
        storing.store,
        ledger,
        DeadLetters(data / "recorder", chosen.dead_letters_mb),
        chosen,
        figures,
    )
    # Last: what others say meanwhile is heard already.
    storing.start()
    outbox = program.outbox(bus, chosen.node)
    program.start("recorder", lambda: recorder.run(program.stopping))
    program.start("health", lambda: _tell_health(program, recorder, outbox, figures))
    if settings.alerts.watchdog:
        _watch_alerts(program)


def _watch_alerts(program: Program) -> None:
    """Tell by a second channel when the alert service is gone; over a line of its own, which acknowledges nothing."""
    from spasmwatch.adapters.alert_watch import AlertWatch
    from spasmwatch.adapters.apprise_push import ApprisePush

    push = ApprisePush()
    bus = program.own(
        MqttBus(program.settings.mqtt, program.topics, client=f"{program.settings.home.name}-alert-watch")
    )
    watch = AlertWatch(program.settings.alerts, bus, program.topics, push, SystemClock(program.stopping))
    program.start("alert-watch", lambda: watch.run(program.stopping))


def _tell_health(program: Program, recorder: Recorder, outbox: DiskOutbox, figures: Figures) -> None:
    """A health record at the start, every ``health_every_s`` and at the end."""
    every = program.settings.recorder.health_every_s
    before = 0
    while True:
        total = figures.total()
        figures.rate_per_s, before = (total - before) / every, total
        stopped = program.stopping.is_set()
        try:
            recorder.look_for_gaps()
            outbox.add(_health(program, recorder.trouble(), figures, outbox.depth()))
        except SpasmWatchError as error:
            log.error("%s", error)
        if stopped:
            return
        program.stopping.wait(every)


def _health(program: Program, cause: str | None, figures: Figures, depth: int) -> Health:
    return Health(
        time=datetime.now(UTC),
        program="recorder",
        state="stopped" if program.stopping.is_set() else "fault" if cause else "running",
        cause=cause,
        lag_s=round(figures.lag_s, 3),
        rate_per_s=round(figures.rate_per_s, 3),
        dead_letters=figures.dead_letters,
        gaps=figures.gaps,
        disk_free_mb=round(shutil.disk_usage(program.settings.home.data).free / 1e6),
        outbox_depth=depth,
    )


class _MetricsPage:
    def __init__(self, figures: Figures, port: int, host: str) -> None:
        registry = CollectorRegistry()
        registry.register(figures)
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise SettingsError(f"recorder.metrics_port {port} on {host}: {error.strerror}; choose another") from error

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def main(settings: Settings) -> None:
    """Run the recorder until told to stop."""
    expect_many_records()
    run("recorder", settings, wire)


if __name__ == "__main__":
    from spasmwatch.cli import main as command_line

    sys.exit(command_line(["recorder", *sys.argv[1:]]))
