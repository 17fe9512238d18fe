"""``spasmwatch insights`` and ``report``."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spasmwatch import settings
from spasmwatch.adapters.workers import nothing, processors
from spasmwatch.cli import Handler, expect_many_records
from spasmwatch.errors import UsageError
from spasmwatch.settings import Settings

if TYPE_CHECKING:
    from spasmwatch_services.insights.casebook import Casebook

REPORT_DAYS = 84
"""Without ``--from`` a report from the store covers twelve weeks, about one treatment cycle."""

FIRST_DAY, LAST_DAY = date(1970, 1, 3), date(2199, 12, 30)
"""The times that records may have, a day in from both ends: every time zone has midnights there."""


def insights(parser: ArgumentParser) -> Handler:
    """Tell what spasms are associated with: triggers by window, with intervals and verdicts."""
    _source(parser)
    parser.add_argument("--json", action="store_true", help="one JSON line for each trigger, window and kind of spasm")
    parser.add_argument("--serve", action="store_true", help="keep running and publish the findings once a day")

    def handle(args: Namespace) -> None:
        from rich.console import Console

        from spasmwatch.domain.association import associations
        from spasmwatch_services.insights import lines

        if args.serve:
            from spasmwatch_services.insights.__main__ import main

            main(settings.load(args.settings))
            return
        chosen = settings.load(args.settings)
        if args.input is None and args.first is None:
            args.first = _today(args, chosen) - timedelta(days=chosen.insights.days)
        found = associations(_casebook(args, chosen).history())
        if args.json:
            for finding in found:
                print(lines.json_line(finding))
        else:
            lines.show(found, Console())

    return handle


def report(parser: ArgumentParser) -> Handler:
    """Write the two-page report for the doctor: PDF, HTML or CSV, by the ending of --out."""
    _source(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="report.pdf, report.html or report.csv")

    def handle(args: Namespace) -> None:
        chosen = settings.load(args.settings)
        if args.input is None and args.first is None:
            args.first = _today(args, chosen) - timedelta(days=REPORT_DAYS - 1)
        book = _casebook(args, chosen, lambda: _prepare(args.out))
        from spasmwatch_services.insights.report import write

        write(args.out, book, chosen, args.first, args.last)

    return handle


def _prepare(out: Path) -> None:
    """Import what writing takes."""
    from spasmwatch_services.insights.report import prepare

    prepare(out)


def _source(parser: ArgumentParser) -> None:
    parser.add_argument("--input", type=Path, metavar="RECORDS.jsonl", help="read this file, not the store")
    parser.add_argument("--from", dest="first", type=_day, metavar="DATE", help="first day, e.g. 2026-01-31")
    parser.add_argument("--to", dest="last", type=_day, metavar="DATE", help="last day, itself included")
    parser.add_argument("--person", help="whom (default: home.person, in a file the one observed most)")
    parser.add_argument("--timezone", help="time zone of the days (default: that of the home)")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date; write e.g. 2026-01-31") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ArgumentTypeError(f"no record can be of {text}; give a day from {FIRST_DAY} to {LAST_DAY}")
    return day


def _today(args: Namespace, chosen: Settings) -> date:
    last: date | None = args.last
    return last or datetime.now(chosen.home.zone).date()


def _casebook(args: Namespace, chosen: Settings, meanwhile: Callable[[], None] = nothing) -> "Casebook":
    """The book that the arguments ask for; ``meanwhile`` is done where other processes read."""
    from spasmwatch.adapters.stores import open_store
    from spasmwatch.domain.rollups import midnight
    from spasmwatch_services.insights.reading import DIARY_FROM, read_file, read_store

    expect_many_records()
    zone = _zone(args.timezone) if args.timezone else chosen.home.zone
    if args.first and args.last and args.last < args.first:
        raise UsageError(f"--to {args.last} lies before --from {args.first}")
    start = midnight(args.first, zone) if args.first else None
    end = midnight(args.last + timedelta(days=1), zone) if args.last else None
    if args.input is not None:
        reader = read_file(args.input, start, end, processors(), meanwhile)
        from spasmwatch_services.insights.casebook import casebook

        return casebook(reader, zone, chosen.home.name, args.person)
    opened, person = partial(open_store, chosen, readonly=True), args.person or chosen.home.person
    start, end = start or DIARY_FROM, end or datetime.now(UTC) + timedelta(days=1)
    reader = read_store(opened, person, start, end, processors(), meanwhile)
    from spasmwatch_services.insights.casebook import stored_casebook

    with closing(opened()) as store:
        return stored_casebook(reader, store, zone, chosen.home.name, person)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"--timezone: {name!r} is no IANA time zone; write e.g. Europe/Berlin") from error
