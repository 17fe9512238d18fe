"""``spasmwatch recorder``, ``export``, ``import``, ``forget`` and ``status``."""

from argparse import ArgumentParser, Namespace

from spasmwatch import settings
from spasmwatch.cli import Handler


def recorder(parser: ArgumentParser) -> Handler:
    """Write what the home's programs publish into the store; the only writer."""

    def handle(args: Namespace) -> None:
        from spasmwatch_services.recorder.__main__ import main

        main(settings.load(args.settings))

    return handle
