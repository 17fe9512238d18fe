"""``spasmwatch alerts`` and ``spasmwatch backtest``."""

from argparse import ArgumentParser, Namespace

from spasmwatch import settings
from spasmwatch.cli import Handler


def alerts(parser: ArgumentParser) -> Handler:
    """Tell caregivers when spasms escalate or worsen, and when something is broken."""

    def handle(arguments: Namespace) -> None:
        # Imported here: the statistics and the push services take a while to load.
        from spasmwatch_services.alerts.__main__ import main

        main(settings.load(arguments.settings))

    return handle
