"""The home's own push server: nobody may do anything but the accounts written here."""

import json
import re
from pathlib import Path

from spasmwatch.setup.files import read

TOPIC, WATCH_TOPIC = "spasmwatch", "spasmwatch-watch"
ACCESS = (f"alerts:{TOPIC}:wo", f"watch:{WATCH_TOPIC}:wo", f"phone:{TOPIC}:ro", f"phone:{WATCH_TOPIC}:ro")
UPSTREAM = "https://ntfy.sh"


def ntfy_configuration(var: Path, host: str, iphones: bool) -> str:
    """``server.yml``: alerts and Grafana may write, the phones may read, everybody else may do nothing.

    With ``iphones`` the server tells ntfy.sh that *something* came (a hash of the topic, no text): Apple allows no
    other way to wake a phone.
    """
    secrets, before = var / "secrets", var / "ntfy" / "server.yml"
    text = read(before).decode() if before.exists() else ""
    users = [
        f"{name}:{_hash(read(secrets / f'ntfy_{name}').strip(), name, text)}:user"
        for name in ("alerts", "phone", "watch")
    ]
    token = read(secrets / "ntfy_watch").decode().strip()
    settings: dict[str, object] = {
        "base-url": f"https://{host}:2443",
        "listen-http": ":8080",
        "listen-https": ":2443",
        "cert-file": "/run/certificates/own.crt",
        "key-file": "/run/certificates/own.key",
        "cache-file": "/var/lib/ntfy/cache.db",
        "cache-duration": "72h",
        "auth-file": "/var/lib/ntfy/users.db",
        "auth-default-access": "deny-all",
        "auth-users": users,
        "auth-access": list(ACCESS),
        "auth-tokens": [f"watch:{token}:Grafana"],
        "enable-signup": False,
        "enable-login": True,
        "log-level": "warn",
    }
    if iphones:
        settings["upstream-base-url"] = UPSTREAM
    lines = [f"{key}: {json.dumps(value)}" for key, value in settings.items()]
    return "# Written by spasmwatch init; changes here are lost.\n" + "\n".join(lines) + "\n"


def _hash(password: bytes, name: str, before: str) -> str:
    """The bcrypt hash that ``before`` holds for ``name`` when it is the password's, else a new one."""
    import bcrypt

    if (kept := re.search(rf'"{name}:(\$2[aby]\$[^:"]+):', before)) and bcrypt.checkpw(password, kept[1].encode()):
        return kept[1]
    return bcrypt.hashpw(password, bcrypt.gensalt(rounds=10)).decode()
