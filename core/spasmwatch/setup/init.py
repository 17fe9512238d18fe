"""`spasmwatch init`: asks nothing, makes everything a home needs, and says what to do next."""

import argparse
import os
import re
import socket
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spasmwatch.cli import Handler
from spasmwatch.errors import UsageError

if TYPE_CHECKING:
    from spasmwatch.setup.home_files import Choices

BARRED = re.compile(r"bath|shower|toilet|\bwc\b|washroom|restroom|changing", re.IGNORECASE)
SLEEPING = re.compile(r"bed|nursery|sleep", re.IGNORECASE)
CONTAINER_OWNER = 10001
"""Whom the containers run as when root runs ``init``."""


def init(parser: argparse.ArgumentParser) -> Handler:
    """Make keys, passwords and settings for a home; safe to run again."""
    parser.add_argument("--folder", type=Path, default=Path(), help="where docker-compose.yml is (default: here)")
    parser.add_argument("--home", help="name of the home in topics and records (default: home)")
    parser.add_argument("--person", help="name of the watched person in records, best a pseudonym (default: patient)")
    parser.add_argument("--timezone", help="e.g. Europe/Berlin (default: this machine's)")
    parser.add_argument("--base", help="first level of all topics (default: spasmwatch)")
    parser.add_argument(
        "--camera", action="append", metavar="NAME[=ROOM]", help="a camera and its room; can be given again"
    )
    parser.add_argument(
        "--host", action="append", help="a name or address by which phones and cameras reach this machine"
    )
    parser.add_argument(
        "--gadget-topic", action="append", metavar="FILTER", help="where further gadgets of yours speak"
    )
    parser.add_argument(
        "--iphones", action="store_true", default=None, help="wake iPhones through ntfy.sh (it learns that, never what)"
    )
    return _init


def _init(args: argparse.Namespace) -> int:
    from spasmwatch.setup.home_files import Choices, lay_down

    root: Path = args.folder
    if not root.is_dir():
        raise UsageError(f"there is no folder {root}")
    kept = Choices.kept_in(root / "var" / "init.json")
    choices = _chosen(kept or Choices(timezone=_timezone(), hosts=_hosts()), args, first=kept is None)
    owner = _owner()
    made = lay_down(root, choices, owner)
    if os.getuid() == 0:
        _give_to((root / ".env", root / "backups", root / "var", *(root / "var").rglob("*")), owner)
    for what in made:
        print(f"new: {what}")
    if not made:
        print("nothing to do: everything is there and still good")
    print(_next_steps(root, choices))
    return 0


def _chosen(kept: "Choices", args: argparse.Namespace, first: bool) -> "Choices":
    changes: dict[str, Any] = {
        name: getattr(args, name)
        for name in ("home", "person", "timezone", "base", "iphones")
        if getattr(args, name) is not None
    }
    if not first and (
        fixed := [name for name in ("home", "base") if changes.get(name, getattr(kept, name)) != getattr(kept, name)]
    ):
        raise UsageError(f"--{fixed[0]} cannot change any more: records and accounts carry it; start in a new folder")
    if args.camera:
        cameras = tuple(_camera(text) for text in args.camera)
        changes["cameras"] = cameras if first else tuple(dict.fromkeys((*kept.cameras, *cameras)))
    if args.host:
        named = tuple(map(_host, args.host))
        # The first is what pages, pushes and cameras are told; it stays when further names come.
        changes["hosts"] = tuple(dict.fromkeys((*named, *kept.hosts) if first else (*kept.hosts, *named)))
    if args.gadget_topic:
        changes["gadget_topics"] = tuple(dict.fromkeys((*kept.gadget_topics, *map(_filter, args.gadget_topic))))
    _check_names(changes)
    return replace(kept, **changes)


def _check_names(changes: dict[str, Any]) -> None:
    for name in ("home", "person"):
        _name(changes.get(name, "home"), f"--{name}")
    if not re.fullmatch(r"[^+#/\s\"]+(/[^+#/\s\"]+)*", changes.get("base", "spasmwatch")):
        raise UsageError(f"--base {changes['base']!r} cannot be the first level of a topic")
    try:
        ZoneInfo(changes.get("timezone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"--timezone {changes['timezone']!r} is no IANA time zone; write e.g. Europe/Berlin"
        ) from error


def _name(text: str, option: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise UsageError(f"{option} {text!r}: only letters, digits, - and _, at most 64")
    return text


def _camera(text: str) -> str:
    """The camera's name. A room where nobody must be filmed is refused, one for sleeping gets a warning."""
    from spasmwatch.setup.accounts import GADGETS, HOME_ASSISTANT, PROGRAMS, VIEWER

    name, _, room = text.partition("=")
    _name(name, "--camera")
    if name in (*PROGRAMS, GADGETS, VIEWER, HOME_ASSISTANT, "mosquitto", "grafana", "ntfy", "users", "edge"):
        raise UsageError(f"--camera {name!r}: this name is taken; take e.g. cam2")
    if BARRED.search(room) or BARRED.search(name):
        raise UsageError(f"--camera {text!r}: no camera in a bathroom, toilet or changing room; choose another room")
    if SLEEPING.search(room) or SLEEPING.search(name):
        print(
            f"warning: {text!r} looks like a bedroom. A camera there watches people at their most private: "
            "do it only if the watched person asked for it, and tell everybody who may enter.",
            file=sys.stderr,
        )
    return name


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", text):
        raise UsageError(f"--host {text!r} is no name or address of a machine")
    return text


def _filter(text: str) -> str:
    if not re.fullmatch(r"[^\s]+", text) or text.startswith("#"):
        raise UsageError(f"--gadget-topic {text!r}: give a topic filter without spaces, e.g. weather/#")
    return text


def _timezone() -> str:
    """This machine's time zone, or UTC."""
    zone = Path("/etc/localtime")
    found = str(zone.resolve()).partition("zoneinfo/")[2] if zone.exists() else ""
    return found or os.environ.get("TZ", "").strip(":") or "UTC"


def _hosts() -> tuple[str, ...]:
    """Names by which the house knows this machine: its own, with .local first since phones find that one."""
    name = socket.gethostname().split(".")[0] or "spasmwatch"
    return (f"{name}.local", name)


def _owner() -> tuple[int, int]:
    """Whom the containers run as, who owns var/: the caller; for root whoever called sudo, or a number of nobody's."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    return int(os.environ.get("SUDO_UID", CONTAINER_OWNER)), int(os.environ.get("SUDO_GID", CONTAINER_OWNER))


def _give_to(paths: Iterable[Path], owner: tuple[int, int]) -> None:
    for path in paths:
        os.chown(path, *owner, follow_symlinks=False)


def _next_steps(root: Path, choices: "Choices") -> str:
    host, secrets = choices.hosts[0], root / "var" / "secrets"
    cameras = "\n".join(
        f"  camera {name}: copy the folder {root / 'var' / 'cameras' / name}" for name in choices.cameras
    )
    return (
        f"\nhome {choices.home!r}, time zone {choices.timezone}, reached as {', '.join(choices.hosts)}\n"
        f"{cameras} to its Pi and run deploy/pi/install.sh there\n"
        f"  server: docker compose --profile server up -d\n"
        f"  pages:  https://{host}:8443/   dashboards: https://{host}:3000/ (user spasmwatch, password in\n"
        f"          {secrets / 'grafana_admin_password'})\n"
        f"  phones: install {root / 'var' / 'ca' / 'ca.crt'}, then the ntfy app: https://{host}:2443, user phone,\n"
        f"          password in {secrets / 'ntfy_phone'}, topic spasmwatch\n"
        "docs/install.md walks through all of it. Keep a backup of var/ where nobody else can read it."
    )
