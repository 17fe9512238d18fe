"""``spasmwatch diary``: serve the pages, add an entry, import a table, let people in from the machine itself."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from spasmwatch.cli import Handler
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch.settings import Settings, load


def diary(parser: argparse.ArgumentParser) -> Handler:
    """Serve the caregivers' pages (default), add an entry, import a table, invite people."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("serve", help="serve the pages (default)")
    add = actions.add_parser("add", help="add an entry: spasmwatch diary add caffeine/coffee --value 1")
    add.add_argument("what", metavar="KIND[/SUBKIND]", help="e.g. stress, remedy/massage, treatment/botulinum")
    add.add_argument("--value", type=float)
    add.add_argument("--unit")
    add.add_argument("--text")
    add.add_argument("--at", metavar="TIME", help="when it was, e.g. 2026-03-02T08:15 (default: now)")
    add.add_argument("--author", default="household")
    table = actions.add_parser("import", help="import a table (CSV) with the columns " + _COLUMNS)
    table.add_argument("file", type=Path)
    table.add_argument("--author", default="household", help="for rows without one")
    actions.add_parser("code", help="print the code for the first set-up from another device")
    invite = actions.add_parser("invite", help="print a new invitation for somebody with an account")
    invite.add_argument("name")
    actions.add_parser("trust", help="print the fingerprint of the home's certificate")
    for action in actions.choices.values():
        # Also behind the action, where people write it.
        action.add_argument("--settings", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="settings file")

    def handler(arguments: argparse.Namespace) -> None:
        settings = load(arguments.settings)
        _ACTIONS[arguments.action or "serve"](settings, arguments)

    return handler


_COLUMNS = "time, kind, subkind, value, unit, text, author"


def _serve(settings: Settings, _arguments: argparse.Namespace) -> None:
    from spasmwatch_services.diary.__main__ import serve

    serve(settings)


def _add(settings: Settings, arguments: argparse.Namespace) -> None:
    from uuid6 import uuid7

    from spasmwatch_services.diary import inbox
    from spasmwatch_services.diary.entries import wish
    from spasmwatch_services.diary.tables import local_time

    kind, _, subkind = arguments.what.partition("/")
    now = datetime.now(UTC)
    time = local_time(arguments.at, settings.home.zone) if arguments.at else now
    fields = {"kind": kind, "subkind": subkind or None, "value": arguments.value}
    fields |= {"unit": arguments.unit, "text": arguments.text}
    entry = wish(fields, str(uuid7()), time, arguments.author, now)
    inbox.hand_over(settings, [entry])
    print(
        f"{arguments.what} at {(entry.time or time).astimezone(settings.home.zone):%Y-%m-%d %H:%M} handed to the diary"
    )


def _import(settings: Settings, arguments: argparse.Namespace) -> None:
    from spasmwatch_services.diary import inbox, tables

    try:
        with arguments.file.open(encoding="utf-8-sig", newline="") as lines:
            wishes = tables.read(lines, author=arguments.author, zone=settings.home.zone, now=datetime.now(UTC))
    except OSError as error:
        raise SpasmWatchError(f"cannot read {arguments.file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpasmWatchError(f"{arguments.file} is not UTF-8 text; save it as CSV UTF-8") from error
    except UsageError as error:
        raise SpasmWatchError(f"{arguments.file}: {error}; nothing was imported") from error
    inbox.hand_over(settings, wishes)
    print(f"{len(wishes)} entries handed to the diary; rows imported before stay single")


def _code(settings: Settings, _arguments: argparse.Namespace) -> None:
    from spasmwatch_services.diary.door import setup_code

    print(setup_code(settings))


def _invite(settings: Settings, arguments: argparse.Namespace) -> None:
    from spasmwatch.runtime import SystemClock
    from spasmwatch_services.diary.accounts import Accounts
    from spasmwatch_services.diary.database import Database

    database = Database(settings.home.data / "diary" / "diary.sqlite")
    try:
        accounts = Accounts(database, SystemClock())
        if accounts.person(arguments.name) is None:
            known = ", ".join(person.name for person in accounts.people()) or "nobody yet"
            raise SpasmWatchError(f"there is no account {arguments.name!r}; known: {known}")
        print(f"/join/{accounts.invite(arguments.name)}")
    finally:
        database.close()


def _trust(settings: Settings, _arguments: argparse.Namespace) -> None:
    from spasmwatch_services.diary.tls import authority, authority_file, fingerprint

    certificate = authority(settings)
    if certificate is None:
        raise SpasmWatchError(f"no certificate at {authority_file(settings)}; these pages speak no TLS of their own")
    print(f"{authority_file(settings)}\n{fingerprint(certificate)}")


_ACTIONS: dict[str, Callable[[Settings, argparse.Namespace], None]] = {
    "serve": _serve, "add": _add, "import": _import, "code": _code, "invite": _invite, "trust": _trust,
}  # fmt: skip
