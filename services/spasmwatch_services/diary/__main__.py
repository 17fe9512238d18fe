"""Wires the diary: bus, outbox, store, accounts and the web server."""

import sys
from pathlib import Path

from spasmwatch.adapters.acknowledge_links import LinkRedeemer, link_key
from spasmwatch.adapters.apprise_push import ApprisePush
from spasmwatch.adapters.stores import open_store
from spasmwatch.cli import main as command_line
from spasmwatch.ports import Clock
from spasmwatch.runtime import Program, SystemClock, private_folder, run
from spasmwatch.settings import Settings
from spasmwatch_services.diary import web
from spasmwatch_services.diary.database import Database
from spasmwatch_services.diary.house import House, furnish
from spasmwatch_services.diary.inbox import Inbox, folder
from spasmwatch_services.diary.past import recall
from spasmwatch_services.diary.presses import Presses
from spasmwatch_services.diary.server import WebServer
from spasmwatch_services.diary.tls import HomeCertificates

NODE = "diary"
RECALL_S = 5.0


def wire(program: Program) -> None:
    """Build the diary in ``program``."""
    settings = program.settings
    place = private_folder(settings.home.data / "diary")
    clock = SystemClock(program.stopping)
    database = program.own(Database(place / "diary.sqlite"))
    certificate = certificates(settings, clock)
    bus = program.connect(NODE)
    outbox = program.outbox(bus, NODE)
    redeemer = program.own(LinkRedeemer(link_key(settings), place / "answers.sqlite"))
    house = furnish(
        settings,
        program.topics,
        bus,
        outbox,
        lambda: open_store(settings, readonly=True),
        database,
        redeemer,
        ApprisePush,
        clock,
    )
    program.own(house.history)
    Presses(house)
    server = program.own(WebServer(web.build(house), settings.diary, certificate))
    program.start("web", server.serve)
    inbox = Inbox(private_folder(folder(settings)), house.entries)
    program.start("inbox", lambda: inbox.run(program.stopping))
    program.start("past", lambda: _recall(program, house))


def certificates(settings: Settings, clock: Clock) -> tuple[Path, Path] | None:
    """Certificate and key of the pages; None where they speak plain HTTP."""
    diary = settings.diary
    if diary.certificate_file and diary.key_file:
        return diary.certificate_file, diary.key_file
    return home_certificates(settings, clock).server() if diary.encrypted else None


def home_certificates(settings: Settings, clock: Clock) -> HomeCertificates:
    """The home's own certificate authority."""
    return HomeCertificates(settings.home.data / "diary" / "tls", settings.diary.names, clock)


def _recall(program: Program, house: House) -> None:
    while not recall(house.history, house.live, house.clock):
        if program.stopping.wait(RECALL_S):
            return
    house.treatments.tell()


def serve(settings: Settings) -> None:
    """Run until told to stop."""
    run(NODE, settings, wire)


def main() -> int:
    """``python -m spasmwatch_services.diary``."""
    return command_line(["diary", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
