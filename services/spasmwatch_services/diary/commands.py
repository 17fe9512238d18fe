"""``spasmwatch diary``: serve the pages, add an entry, import a table."""

import argparse

from spasmwatch.cli import Handler
from spasmwatch.settings import load


def diary(parser: argparse.ArgumentParser) -> Handler:
    """Serve the caregivers' pages (default), add an entry, import entries from a table."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("serve", help="serve the pages (default)")

    def handler(arguments: argparse.Namespace) -> None:
        settings = load(arguments.settings)
        from spasmwatch_services.diary.__main__ import serve

        serve(settings)

    return handler
