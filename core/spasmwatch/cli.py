"""The ``spasmwatch`` command line. Every room announces its subcommands as entry points ``spasmwatch.commands``.

A command is a function that receives its own :class:`argparse.ArgumentParser`, adds its arguments and returns the
handler; the first line of its docstring is its help. ``--settings`` is there for all. The handler gets the parsed
arguments; it raises SpasmWatchError, or returns None or an exit status.
"""

import argparse
import atexit
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NoReturn

from spasmwatch import __version__
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch.logs import log_to_stderr

Handler = Callable[[argparse.Namespace], int | None]
Command = Callable[[argparse.ArgumentParser], Handler]

GROUP = "spasmwatch.commands"


class Parser(argparse.ArgumentParser):
    """Wrong arguments are one line, as every other mistake is."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(f"{message}; see {self.prog} --help")


def expect_many_records() -> None:
    """For programs and commands that read records in bulk.

    Records are many and never cyclic: looking through them for cycles takes up to a fifth of the time.
    """
    gc.set_threshold(50_000, 20, 100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 failed, 2 wrong usage or settings."""
    try:
        return _dispatch(list(sys.argv[1:] if arguments is None else arguments))
    except SpasmWatchError as error:
        print(f"spasmwatch: {error}", file=sys.stderr)
        return error.exit_status
    except EOFError:
        print("spasmwatch: nobody is there to answer; --help names the option that answers beforehand", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A full or unreadable disk can strike anywhere.
        place = f"{error.filename}: " if error.filename else ""
        print(f"spasmwatch: {place}{error.strerror or error}", file=sys.stderr)
        return 1


def _dispatch(arguments: list[str]) -> int:
    commands = {point.name: point for point in entry_points(group=GROUP)}
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview(commands))
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"spasmwatch {__version__}")
        return 0
    name = arguments[0]
    if name not in commands:
        raise UsageError(f"unknown command {name!r}; known: {', '.join(sorted(commands))}")
    command = _load(commands[name])
    parser = Parser(prog=f"spasmwatch {name}", description=command.__doc__)
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings file (default: ./spasmwatch.toml)")
    parser.add_argument(
        "--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"], help="default INFO"
    )
    handler = command(parser)
    parsed = parser.parse_args(arguments[1:])
    log_to_stderr(parsed.log_level)
    logging.captureWarnings(capture=True)
    # What ends with the process need not be looked through for cycles: that takes half a second after a report.
    atexit.register(gc.freeze)
    return handler(parsed) or 0


def _load(point: EntryPoint) -> Command:
    try:
        command: Command = point.load()
    except ImportError as error:
        raise SpasmWatchError(
            f"{point.name!r} needs the package {error.name}; install spasmwatch[demo], or the extra for this role"
        ) from error
    return command


def _overview(commands: dict[str, EntryPoint]) -> str:
    lines = [
        "usage: spasmwatch COMMAND [ARGUMENTS]",
        "",
        "Watches for facial spasms at home. Not a medical device.",
        "",
    ]
    for name, point in sorted(commands.items()):
        try:
            summary = (_load(point).__doc__ or "").strip().splitlines()[0]
        except (SpasmWatchError, AttributeError, IndexError):
            summary = "(not installed here)"
        lines.append(f"  {name:10s} {summary}")
    return "\n".join([*lines, "", "spasmwatch COMMAND --help tells more."])
