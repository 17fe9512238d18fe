"""Push through Apprise: any of its services; ntfy with priority, tags and action buttons.

Apprise only answers yes or no; the status code, which tells a wrong token from a server that is away, is taken from
its log. Neither addresses nor tokens reach our own log.
"""

import logging
import re
import threading
import warnings
from urllib.parse import quote, urlsplit

from spasmwatch.domain.records import Severity
from spasmwatch.errors import PushError, PushRefused
from spasmwatch.ports import Notification, Push

_NTFY_PRIORITY: dict[Severity, str] = {"info": "default", "warning": "high", "urgent": "max"}
_RETRY_CODES = (408, 425, 429)


class ApprisePush:
    """Sends one notification to one address; may be used by several threads at once."""

    def __init__(self) -> None:
        # Loaded here and not at first use: a hundred services take seconds, and the first push must not wait for them.
        import apprise

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of modules that some of them use
            apprise.Apprise.instantiate("json://localhost")
        self._apprise = apprise
        self._words = _WordsOfThisThread()
        logger = logging.getLogger("apprise")
        logger.addHandler(self._words)
        logger.propagate = False

    def send(self, address: str, notification: Notification) -> None:
        """Raises PushError when a retry may help, PushRefused when it will not."""
        service = self._apprise.Apprise.instantiate(_complete(address, notification), suppress_exceptions=True)
        where = f"the push service {_where(address)}"
        if service is None:
            raise PushRefused(f"{where} is not understood; write an Apprise address, e.g. ntfys://token@host/topic")
        self._words.start()
        kind = "warning" if notification.severity == "warning" else "info"
        kind = "failure" if notification.severity == "urgent" else kind
        try:
            accepted = service.notify(body=notification.body, title=notification.title, notify_type=kind)
        except Exception as error:  # a plugin's own exceptions are many; all mean: not delivered
            raise PushError(f"{where} failed: {type(error).__name__}") from error
        if not accepted:
            raise self._failure(where)

    def _failure(self, where: str) -> PushError:
        found = re.search(r"error=(\d{3})", self._words.text())
        if found is None:
            return PushError(f"{where} is out of reach")
        code = int(found[1])
        if 400 <= code < 500 and code not in _RETRY_CODES:
            return PushRefused(f"{where} refused with status {code}; check the address and its token")
        return PushError(f"{where} answered with status {code}")


class _WordsOfThisThread(logging.Handler):
    """Keeps what Apprise logs, thread by thread."""

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    def start(self) -> None:
        self._local.lines = []

    def text(self) -> str:
        return "\n".join(getattr(self._local, "lines", []))

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(self._local, "lines", None)
        if lines is not None and len(lines) < 50:
            lines.append(record.getMessage())


def _where(address: str) -> str:
    """Scheme and host of an address; never its token or topic."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return address.split(":", 1)[0]


def _complete(address: str, notification: Notification) -> str:
    """An ntfy address with priority, tags and buttons; any other as it is."""
    if not address.startswith(("ntfy://", "ntfys://")):
        return address
    extras = {"priority": _NTFY_PRIORITY[notification.severity]}
    if notification.tags:
        extras["xtags"] = ",".join(notification.tags)
    if notification.actions:
        extras["actions"] = "; ".join(
            f"http, {label}, {url}, method=POST, clear=true" for label, url in notification.actions
        )
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in extras.items())
    return f"{address}{'&' if '?' in address else '?'}{query}"


_conforms: type[Push] = ApprisePush
