"""``spasmwatch recorder``, ``export``, ``import``, ``forget`` and ``status``."""

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from spasmwatch import settings
from spasmwatch.cli import Handler
from spasmwatch.domain.records import MODELS
from spasmwatch.errors import SpasmWatchError, UsageError

if TYPE_CHECKING:
    from spasmwatch_services.recorder.importing import Outcome

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def recorder(parser: ArgumentParser) -> Handler:
    """Write what the home's programs publish into the store; the only writer."""
    parser.add_argument(
        "action", nargs="?", choices=["dead-letters"], help="look at what could not be stored, instead of recording"
    )
    parser.add_argument("--replay", action="store_true", help="publish the dead letters that are valid records now")
    parser.add_argument(
        "--discard", metavar="LETTER", action="append", help="remove one dead letter ('all': every one)"
    )
    parser.add_argument("--json", action="store_true", help="dead letters as JSON lines, with their payload")

    def handle(args: Namespace) -> None:
        chosen = settings.load(args.settings)
        if args.action == "dead-letters":
            from spasmwatch_services.recorder.replaying import look_at_dead_letters

            look_at_dead_letters(chosen, replay=args.replay, discard=args.discard or [], as_json=args.json)
        elif args.replay or args.discard or args.json:
            raise UsageError("--replay, --discard and --json belong to 'recorder dead-letters'")
        else:
            from spasmwatch_services.recorder.__main__ import main

            main(chosen)

    return handle


def export(parser: ArgumentParser) -> Handler:
    """Write everything that is stored to a file: JSON lines, CSV or line protocol."""
    parser.add_argument("--format", choices=["jsonl", "csv", "line"], default="jsonl", help="default jsonl")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument("--what", action="append", choices=list(MODELS), help="only this kind; may be given again")
    parser.add_argument("--person", help="only this person")

    def handle(args: Namespace) -> None:
        from spasmwatch.adapters.output_file import writing
        from spasmwatch.adapters.stores import open_store
        from spasmwatch_services.recorder import formats
        from spasmwatch_services.recorder.exporting import export as export_records

        store = open_store(settings.load(args.settings), readonly=True)
        whats = args.what or list(MODELS)
        try:
            lines = formats.write(export_records(store, whats, args.person), args.format, whats)
            if args.out is None:
                sys.stdout.writelines(lines)
            else:
                with writing(args.out, private=True) as file:
                    file.writelines(line.encode() for line in lines)
        finally:
            store.close()

    return handle


def import_(parser: ArgumentParser) -> Handler:
    """Read an exported file, or the embedded store of before, into the configured store."""
    parser.add_argument("source", type=Path, metavar="FILE", help="JSON lines, CSV, line protocol or store.sqlite")
    parser.add_argument("--format", choices=["jsonl", "csv", "line"], help="default: by the file's name")

    def handle(args: Namespace) -> None:
        from spasmwatch.adapters.stores import open_store
        from spasmwatch_services.recorder import importing
        from spasmwatch_services.recorder.progress import bar
        from spasmwatch_services.recorder.retention import retention_edge
        from spasmwatch_services.recorder.rollup_keeper import RollupKeeper

        chosen = settings.load(args.settings)
        if not args.source.is_file():
            raise SpasmWatchError(f"no file at {args.source}")
        home, embedded, not_before = chosen.home.name, importing.is_sqlite(args.source), None
        if embedded:
            lines = importing.lines_of_store(args.source, home)
            not_before = retention_edge(chosen)
        else:
            lines = importing.lines_of_file(args.source, args.format or importing.format_of(args.source))
        store = open_store(chosen)
        try:
            if embedded:
                copied = importing.copy_rollups(args.source, store, home, chosen.home.timezone)
                print(f"{'roll-ups':12s} {copied:>10,} copied")
            target = f"{chosen.store.kind} {chosen.store.influx.url} {chosen.store.influx.bucket}"
            bookmark = importing.Bookmark(chosen.home.data / "recorder", args.source, target)
            rollups = RollupKeeper(store, home, chosen.home.zone)
            with bar(f"importing {args.source.name}", importing.number_of_lines(args.source, home)) as progress:
                outcome = importing.import_lines(
                    lines, rollups, bookmark, home=home, not_before=not_before, progress=progress
                )
            _prove(outcome, store.counts())
        finally:
            store.close()

    return handle


def _prove(outcome: "Outcome", stored: dict[str, int]) -> None:
    """Print what was read beside what the store holds; fail when something is not there."""
    for what, number in sorted(outcome.read.items()):
        print(f"{what:12s} {number:>10,} read {stored.get(what, 0):>10,} in the store")
    if outcome.refused:
        number, reason = outcome.refused[0]
        raise SpasmWatchError(f"{len(outcome.refused)} lines were not taken; the first, line {number}: {reason}")
    short = [what for what, number in outcome.read.items() if stored.get(what, 0) < number]
    if short:
        raise SpasmWatchError(f"the store holds fewer than were read of: {', '.join(short)} (the same id twice?)")


def forget(parser: ArgumentParser) -> Handler:
    """Remove everything of a person: store, outboxes, dead letters, caches."""
    parser.add_argument("person")
    parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(args: Namespace) -> None:
        from spasmwatch_services.recorder import forgetting

        chosen = settings.load(args.settings)
        if not NAME.fullmatch(args.person):
            raise UsageError(f"{args.person!r} is no name of a person in records: letters, digits, _ and - only")
        if not args.yes and input(f"Remove everything of {args.person!r} for good? Type the name: ") != args.person:
            raise SpasmWatchError("nothing removed")
        for place, number in forgetting.forget(chosen, args.person).items():
            print(f"{number:>8,} removed from {place}")
        print("\n".join(forgetting.left_over(chosen, args.person)))

    return handle


def status(parser: ArgumentParser) -> Handler:
    """Show how the home is doing: programs, faults, what waits and what is stored."""
    parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(args: Namespace) -> None:
        from spasmwatch_services.recorder import status as state

        found = state.look(settings.load(args.settings))
        print(json.dumps(found.fields()) if args.json else "\n".join(state.lines(found)))

    return handle
