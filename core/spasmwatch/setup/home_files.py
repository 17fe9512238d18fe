"""What `spasmwatch init` lays down for a home: keys, passwords, broker files, settings. Safe to do again.

A secret or certificate that is there and still good is kept; what follows from them is written anew; the settings
file belongs to the people of the home as soon as it exists.
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spasmwatch import __version__
from spasmwatch.errors import SpasmWatchError
from spasmwatch.setup.accounts import Account, access_file, accounts
from spasmwatch.setup.authority import Authority
from spasmwatch.setup.files import folder, read, write
from spasmwatch.setup.ntfy import ntfy_configuration
from spasmwatch.setup.passwords import broker_password_file, secret

DATA = ("spasmwatch", "edge", "recorder2", "influxdb", "influxdb-config", "grafana", "ntfy")
"""Folders below ``var/data`` that the containers write to."""


@dataclass(frozen=True)
class Choices:
    """What a home chose at ``init``; kept in ``var/init.json`` so that a later ``init`` needs no arguments."""

    home: str = "home"
    person: str = "patient"
    timezone: str = "UTC"
    base: str = "spasmwatch"
    cameras: tuple[str, ...] = ("cam1",)
    hosts: tuple[str, ...] = ("localhost",)
    gadget_topics: tuple[str, ...] = ()
    iphones: bool = False

    @classmethod
    def kept_in(cls, file: Path) -> "Choices | None":
        """The choices of an earlier ``init``. Raises SpasmWatchError when they cannot be understood."""
        if not file.exists():
            return None
        try:
            kept = json.loads(read(file))
            values: dict[str, Any] = {
                key: tuple(item) if isinstance(item, list) else item for key, item in kept.items()
            }
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise SpasmWatchError(f"{file} cannot be understood ({error}); restore it from a backup") from error

    def keep(self, file: Path) -> None:
        """Write them down for the next ``init``."""
        write(file, json.dumps(asdict(self), indent=2) + "\n")


def lay_down(root: Path, choices: Choices, owner: tuple[int, int]) -> list[str]:
    """Everything that a home's server needs below ``root``: ``.env`` and ``var/``. Returns what is new.

    Raises SpasmWatchError.
    """
    var = root / "var"
    choices.keep(folder(var) / "init.json")
    folder(root / "backups")
    folder(var / "home")
    for name in DATA:
        folder(var / "data" / name)
    known = accounts(choices.base, choices.home, choices.cameras, choices.gadget_topics)
    made = [*_certificates(var, choices, known), *_secrets(var / "secrets", known)]
    made += _broker(var, known)
    write(var / "ntfy" / "server.yml", ntfy_configuration(var, choices.hosts[0], choices.iphones))
    for name in choices.cameras:
        _camera(var, name, choices)
    if not (var / "spasmwatch.toml").exists():
        write(var / "spasmwatch.toml", _server_settings(choices))
        made.append("settings in var/spasmwatch.toml")
    if _environment(root / ".env", choices, owner):
        made.append(".env for the compose file")
    return made


def _certificates(var: Path, choices: Choices, known: list[Account]) -> list[str]:
    authority = Authority(var / "ca", choices.home)
    here = tuple(dict.fromkeys((*choices.hosts, "localhost", "127.0.0.1")))
    servers = {"mosquitto": (*here, "mosquitto"), "grafana": here, "ntfy": (*here, "ntfy"), "diary": here}
    names = dict.fromkeys((*(account.name for account in known), *servers))
    made = [name for name in names if authority.issue(var / "certificates" / name, name, hosts=servers.get(name, ()))]
    return [f"certificates for {', '.join(made)}"] if made else []


def _secrets(secrets: Path, known: list[Account]) -> list[str]:
    """Every password and token of the home, each in a file of its own."""
    before = set(secrets.iterdir()) if secrets.exists() else set()
    for name in ("influx_admin_password", "influx_admin_token", "grafana_admin_password", "grafana_secret_key"):
        secret(secrets / name)
    # InfluxDB 2 takes "Token NAME:PASSWORD" of such an account for InfluxQL queries.
    secret(secrets / "influx_reader", "reader:")
    secret(secrets / "influx_grafana", "grafana:")
    secret(secrets / "ntfy_watch", "tk_", characters=29)
    secret(secrets / "ntfy_phone", characters=16)
    password = secret(secrets / "ntfy_alerts")
    write(secrets / "push_address", f"ntfy://alerts:{password}@ntfy:8080/spasmwatch\n")
    for account in known:
        secret(secrets / f"mqtt_{account.name}")
    made = sorted(file.name for file in set(secrets.iterdir()) - before)
    return [f"passwords: {', '.join(made)}"] if made else []


def _broker(var: Path, known: list[Account]) -> list[str]:
    broker, certificates = var / "mosquitto", var / "certificates" / "mosquitto"
    folder(broker / "data")
    folder(broker / "bridges")
    for name, source in (("ca.crt", "ca.crt"), ("server.crt", "own.crt"), ("server.key", "own.key")):
        write(broker / name, read(certificates / source))
    write(broker / "acl", access_file(known))
    passwords = {account.name: secret(var / "secrets" / f"mqtt_{account.name}") for account in known}
    return ["the broker's password file"] if broker_password_file(broker / "passwords", passwords) else []


def _camera(var: Path, name: str, choices: Choices) -> None:
    """What a camera elsewhere in the house needs, in one folder to be copied there."""
    bundle = folder(var / "cameras" / name)
    for file in ("ca.crt", "own.crt", "own.key"):
        write(bundle / file, read(var / "certificates" / name / file))
    write(bundle / "mqtt_password", read(var / "secrets" / f"mqtt_{name}"))
    if not (bundle / "spasmwatch.toml").exists():
        write(bundle / "spasmwatch.toml", _camera_settings(name, choices))


def _home_section(choices: Choices) -> str:
    return (
        "# Settings of this home; docs/settings.md describes every one. Passwords are in files of their own.\n"
        f'[home]\nname = "{choices.home}"\nperson = "{choices.person}"\ntimezone = "{choices.timezone}"\n'
        'data = "/var/lib/spasmwatch"\n'
    )


def _server_settings(choices: Choices) -> str:
    names = ", ".join(f'"{host}"' for host in choices.hosts)
    return (
        f'{_home_section(choices)}\n[mqtt]\nbase = "{choices.base}"\n\n[store]\nkind = "influx"\n\n'
        '[store.influx]\nurl = "http://influxdb:8086"\n\n'
        f'[diary]\nhost = "0.0.0.0"\nport = 8443\nnames = [{names}]\n'
        'certificate_file = "/run/certificates/own.crt"\nkey_file = "/run/certificates/own.key"\n'
        'authority_file = "/run/certificates/ca.crt"\n\n'
        f'[alerts]\npage = "https://{choices.hosts[0]}:8443"\n\n'
        "# Who is told, and where: any address that Apprise knows. This one is the home's own push server.\n"
        '[[alerts.recipients]]\nname = "phones"\naddress_file = "/run/secrets/push_address"\n'
    )


def _camera_settings(name: str, choices: Choices) -> str:
    return (
        f'{_home_section(choices)}\n[mqtt]\nhost = "{choices.hosts[0]}"\nport = 8883\nbase = "{choices.base}"\n'
        f'username = "{name}"\npassword_file = "/etc/spasmwatch/mqtt_password"\nca_file = "/etc/spasmwatch/ca.crt"\n'
        'certificate_file = "/etc/spasmwatch/own.crt"\nkey_file = "/etc/spasmwatch/own.key"\n\n'
        f'[camera]\nnode = "{name}"\n'
    )


def _environment(file: Path, choices: Choices, owner: tuple[int, int]) -> bool:
    """What the compose file asks for; lines that are there already are kept, except the version."""
    wanted = {
        "COMPOSE_PROJECT_NAME": "spasmwatch",
        "SPASMWATCH_VERSION": __version__,
        "SPASMWATCH_UID": str(owner[0]),
        "SPASMWATCH_GID": str(owner[1]),
        "SPASMWATCH_TIMEZONE": choices.timezone,
        "SPASMWATCH_HOST": choices.hosts[0],
        "SPASMWATCH_NODE": choices.cameras[0],
    }
    text = read(file).decode() if file.exists() else "# Written by spasmwatch init; no secret stands here.\n"
    before = text
    for key, value in wanted.items():
        line = f"{key}={value}"
        if not re.search(rf"^{key}=", text, re.MULTILINE):
            text += line + "\n"
        elif key == "SPASMWATCH_VERSION":
            text = re.sub(rf"^{key}=.*$", line, text, flags=re.MULTILINE)
    if text != before:
        write(file, text)
    return text != before
