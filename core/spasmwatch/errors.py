"""Every error that SpasmWatch raises on purpose. The text says what, where and what to do.

::

    SpasmWatchError                  exit status 1, one line on stderr
    ├── UsageError                   exit status 2: wrong arguments
    │   └── SettingsError            exit status 2: wrong settings file or environment
    ├── RecordError                  a payload that is no valid record
    ├── ModelError                   the landmark model is missing or is not the expected file
    ├── SourceError                  camera, stream or video cannot be opened or has stalled
    ├── BusError                     the broker refused, is gone or did not confirm; worth a retry
    │   └── BusRefused               wrong password or forbidden; a retry will not help
    ├── StoreError                   the store is out of reach or busy; worth a retry
    │   └── StoreRejected            the store will never take this record
    ├── OutboxError                  the on-disk outbox cannot be written or read
    ├── LinkRefused                  an answer to a push that is forged, expired or used before
    └── PushError                    a push could not be delivered; worth a retry
        └── PushRefused              wrong address or token; a retry will not help
"""


class SpasmWatchError(Exception):
    """Base of all errors raised on purpose."""

    exit_status = 1


class UsageError(SpasmWatchError):
    """Wrong arguments on the command line."""

    exit_status = 2


class SettingsError(UsageError):
    """Wrong settings file or environment."""


class RecordError(SpasmWatchError):
    """A payload from outside that is no valid record."""


class ModelError(SpasmWatchError):
    """The landmark model is missing or is not the expected file."""


class SourceError(SpasmWatchError):
    """A camera, stream or video cannot be opened or has stalled."""


class BusError(SpasmWatchError):
    """The broker is gone, refused or did not confirm; worth a retry."""


class BusRefused(BusError):
    """The broker does not accept who we are; a retry will not help."""


class StoreError(SpasmWatchError):
    """The store is out of reach or busy; worth a retry.

    ``retry_after`` is the number of seconds the store asked to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreRejected(StoreError):
    """The store will never take this record."""


class OutboxError(SpasmWatchError):
    """The on-disk outbox cannot be written or read."""


class LinkRefused(SpasmWatchError):
    """An answer to a push that is forged, expired or used before."""


class PushError(SpasmWatchError):
    """A push could not be delivered; worth a retry."""


class PushRefused(PushError):
    """The address or token of a push channel is wrong; a retry will not help."""
