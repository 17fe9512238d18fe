"""Wires the insights program: once a day it judges what is stored and publishes ``insight`` records."""

import logging
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

from spasmwatch.adapters.stores import open_store
from spasmwatch.domain.association import Finding, associations
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import Outbox
from spasmwatch.runtime import Program, run
from spasmwatch.settings import Settings
from spasmwatch_services.insights import lines
from spasmwatch_services.insights.casebook import casebook
from spasmwatch_services.insights.reading import read_store

log = logging.getLogger(__name__)

NODE = "insights"
LOOK_EVERY_S = 60.0


def wire(program: Program) -> None:
    """Build the program and start its thread."""
    outbox = program.outbox(program.connect(NODE), NODE)
    program.start(NODE, lambda: _daily(program, outbox))


def _daily(program: Program, outbox: Outbox) -> None:
    """Publish soon after the start and then every day at the hour of the settings."""
    due = datetime.now(UTC)
    while not program.stopping.is_set():
        if datetime.now(UTC) >= due:
            try:
                publish(program.settings, outbox)
            except SpasmWatchError as error:
                # A store out of reach is told by the recorder and the alerts; tomorrow's findings are the same.
                log.warning("insights wait for the next day: %s", error)
            due = next_due(datetime.now(UTC), program.settings)
        program.stopping.wait(LOOK_EVERY_S)


def next_due(now: datetime, settings: Settings) -> datetime:
    """The next time the clock at home shows the hour of the settings."""
    local = now.astimezone(settings.home.zone)
    due = local.replace(hour=settings.insights.hour, minute=0, second=0, microsecond=0)
    return (due if due > local else due + timedelta(days=1)).astimezone(UTC)


def publish(settings: Settings, outbox: Outbox, now: datetime | None = None) -> list[Finding]:
    """Judge the last ``insights.days`` days and publish each finding. Raises StoreError."""
    now = now or datetime.now(UTC)
    home, opened = settings.home, partial(open_store, settings, readonly=True)
    # In this process alone: nobody waits for it, and it runs beside the programs that watch.
    reader = read_store(opened, home.person, now - timedelta(days=settings.insights.days), now)
    book = casebook(reader, home.zone, home.name, home.person)
    findings = associations(book.history())
    for finding in findings:
        # A microsecond each: two records of one series never share a time.
        now += timedelta(microseconds=1)
        outbox.add(lines.record(finding, settings.home.person, now))
    log.info("%d insights published", len(findings))
    return findings


def main(settings: Settings) -> None:
    """Run until told to stop."""
    run(NODE, settings, wire)


if __name__ == "__main__":
    from spasmwatch.cli import main as command_line

    sys.exit(command_line(["insights", "--serve", *sys.argv[1:]]))
