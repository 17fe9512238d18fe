"""Raw records older than the set retention leave the store; without one they stay for ever."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from spasmwatch.domain.rollups import midnight
from spasmwatch.errors import StoreError
from spasmwatch.ports import Store
from spasmwatch.settings import Settings

log = logging.getLogger(__name__)

EVERY_S: Final = 3600.0


def retention_edge(settings: Settings) -> datetime | None:
    """The local midnight before which raw records are removed; None without a retention."""
    if settings.store.retention_days is None:
        return None
    day = datetime.now(settings.home.zone).date() - timedelta(days=settings.store.retention_days)
    return midnight(day, settings.home.zone)


def expire(settings: Settings, store: Store, stopping: threading.Event) -> None:
    """Remove what is too old, every hour until told to stop."""
    while True:
        edge = retention_edge(settings)
        try:
            if edge is not None and (removed := store.expire(edge)):
                log.info("retention: %d records from before %s removed", removed, edge.date())
        except StoreError as error:
            log.warning("retention waits: %s", error)
        if stopping.wait(EVERY_S):
            return
