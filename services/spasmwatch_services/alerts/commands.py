"""``spasmwatch alerts`` and ``spasmwatch backtest``."""

import json
import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from spasmwatch import settings
from spasmwatch.cli import Handler, expect_many_records
from spasmwatch.errors import UsageError

if TYPE_CHECKING:
    from spasmwatch.domain.records import Alert
    from spasmwatch.settings import Settings
    from spasmwatch_services.alerts.backtest import Tally
    from spasmwatch_services.alerts.history import Known


log = logging.getLogger(__name__)

LEAST_DAYS = 14
"""Shorter histories are not scaled to a month."""
DISORDER = timedelta(hours=1)
"""Records that stand so much too late in a file come out of its order; a little is usual."""
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""No record can be later."""


def alerts(parser: ArgumentParser) -> Handler:
    """Tell caregivers when spasms escalate or worsen, and when something is broken."""

    parser.add_argument("--test-push", action="store_true", help="push a test to everybody, wait for the answers, end")
    parser.add_argument("--wait", type=float, default=300, metavar="SECONDS", help="how long to wait for them (300)")

    def handle(arguments: Namespace) -> None:
        chosen = settings.load(arguments.settings)
        # Imported here: the statistics and the push services take a while to load.
        if arguments.test_push:
            from spasmwatch_services.alerts.trial import try_pushes

            try_pushes(chosen, arguments.wait)
        else:
            from spasmwatch_services.alerts.__main__ import main

            main(chosen)

    return handle


def backtest(parser: ArgumentParser) -> Handler:
    """Show which alerts a recorded history would have given with these settings."""
    parser.add_argument("--input", type=Path, metavar="RECORDS.jsonl", help="exported records (default: the store)")
    parser.add_argument("--json", action="store_true", help="one JSON line for each alert transition")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="a second settings file to compare with")
    parser.add_argument("--timezone", metavar="NAME", help="home time zone, e.g. Europe/Berlin (default: settings)")
    parser.add_argument("--until", metavar="TIME", help="run the clock on until then (default: a day past the last)")
    parser.add_argument("--days", type=int, default=400, help="how far back the store is read (default 400)")
    return _backtest


def _backtest(arguments: Namespace) -> None:
    expect_many_records()
    if arguments.compare is not None and arguments.input is not None and _is_stream(arguments.input):
        raise UsageError(f"--compare reads the records twice; {arguments.input} can be read once: give a file")
    files = [arguments.settings] if arguments.compare is None else [arguments.settings, arguments.compare]
    chosen = [_in_zone(settings.load(file), arguments.timezone) for file in files]
    until = _until(arguments.until, chosen[0])
    names = [str(file or "these settings") for file in files]
    runs = []
    for name, one in zip(names, chosen, strict=True):
        if len(files) > 1 and not arguments.json:
            print(f"With {name}:")
        runs.append(_run(arguments, one, until, name if len(files) > 1 else None))
    if not arguments.json:
        for name, run in zip(names, runs, strict=True):
            _say_total(run.tally, name)
        if len(runs) == 2:
            _say_difference(runs, names)


def _is_stream(path: Path) -> bool:
    """Whether a pipe or device; what does not exist is told of when it is read."""
    return path.exists() and not path.is_file() and not path.is_dir()


@dataclass
class _Run:
    """What one replay came to; ``fired`` holds the line of each first firing by what it is about and its day."""

    tally: "Tally"
    fired: dict[tuple[object, ...], str] = field(default_factory=dict)


def _run(arguments: Namespace, chosen: "Settings", until: datetime | None, name: str | None) -> _Run:
    from spasmwatch_services.alerts.backtest import Tally, replay

    tally = Tally()
    run = _Run(tally)
    for number, alert in enumerate(replay(_records(arguments, chosen), chosen, chosen.advice.read(), tally, until)):
        if arguments.json:
            extra = {} if name is None else {"settings": name}
            print(json.dumps({**alert.model_dump(mode="json"), **extra}, ensure_ascii=False))
            continue
        if number == 0:
            print(f"{'time':16s}  {'rule':12s} {'severity':8s} {'state':9s} reason")
        print(_line(alert, chosen))
        if alert.state == "firing":
            day = alert.time.astimezone(chosen.home.zone).date()
            run.fired.setdefault((alert.rule, alert.person, alert.scope, day), _line(alert, chosen))
    if tally.furthest_back > DISORDER:
        log.warning(
            "records are not in the order in which they became known: one stands %s too late; alerts may be missing",
            tally.furthest_back,
        )
    return run


def _records(arguments: Namespace, chosen: "Settings") -> "Iterable[Known]":
    from spasmwatch_services.alerts import history

    if arguments.input is not None:
        from spasmwatch.adapters.workers import processors

        return history.from_file(arguments.input, chosen.home.zone, processors())
    from spasmwatch.adapters.stores import open_store

    end = datetime.now(UTC)
    return history.from_store(open_store(chosen, readonly=True), end - timedelta(days=arguments.days), end)


def _in_zone(chosen: "Settings", name: str | None) -> "Settings":
    if name is None:
        return chosen
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"--timezone: {name!r} is no IANA time zone; write e.g. Europe/Berlin") from error
    return chosen.model_copy(update={"home": chosen.home.model_copy(update={"timezone": name})})


def _until(text: str | None, chosen: "Settings") -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until: {text!r} is no time; write e.g. 2026-11-23T07:28:00Z") from error
    time = time if time.tzinfo else time.replace(tzinfo=chosen.home.zone)
    if time >= LATEST:
        raise UsageError(f"--until: {text!r} is too late; no record can be from {LATEST.year} or after")
    return time


def _line(alert: "Alert", chosen: "Settings") -> str:
    time = alert.time.astimezone(chosen.home.zone)
    return f"{time:%Y-%m-%d %H:%M}  {alert.rule:12s} {alert.severity:8s} {alert.state:9s} {alert.reason}"


def _say_total(tally: "Tally", name: str) -> None:
    if not tally.records:
        print(f"With {name}: there are no records, so there is nothing to judge.")
        return
    pushes, alerts_total = tally.pushes.total(), tally.alerts.total()
    by_rule = ", ".join(f"{number} {rule}" for rule, number in sorted(tally.pushes.items())) or "none"
    monthly = f", {pushes * 30 / tally.days:.1f} in 30 days" if tally.days >= LEAST_DAYS else ""
    print(
        f"With {name} you would have had {alerts_total} alerts in {tally.days:.0f} days; {pushes} of them pushed"
        f" ({by_rule}){monthly}. {tally.records} records."
    )


def _say_difference(runs: Sequence[_Run], names: Sequence[str]) -> None:
    """What fired with one of two settings only, day by day."""
    for name, this, other in zip(names, runs, reversed(runs), strict=True):
        lines = [line for key, line in this.fired.items() if key not in other.fired]
        print(f"Only with {name}:", *lines or ["nothing"], sep="\n  ")
