"""Opens the store that the settings name."""

from pathlib import Path

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.ports import Store
from spasmwatch.settings import Settings


def store_path(settings: Settings) -> Path:
    """Where the embedded store keeps its file."""
    return settings.home.data / "store.sqlite"


def open_store(settings: Settings, readonly: bool = False) -> Store:
    """The configured store. Only the recorder opens it for writing.

    A reader may come before the recorder has made the embedded store: it then reads an empty one.
    Raises StoreError when it cannot be opened, SettingsError when the token is missing.
    """
    if settings.store.kind == "influx":
        # Imported here: the embedded home has no need of the client.
        from spasmwatch.adapters.influx_store import InfluxStore

        return InfluxStore(settings.store.influx, home=settings.home.name, timezone=settings.home.timezone)
    return SqliteStore(
        store_path(settings), home=settings.home.name, timezone=settings.home.timezone, readonly=readonly
    )
