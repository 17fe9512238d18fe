"""Removes everything of a person: store, outboxes, dead letters, and what other rooms keep.

Another room that keeps something about people announces a function ``(settings, person) -> int`` (the number of things
removed) in the entry-point group ``spasmwatch.forget``.
"""

from collections.abc import Callable
from importlib.metadata import entry_points

from spasmwatch.adapters import outbox
from spasmwatch.adapters.stores import open_store
from spasmwatch.settings import Settings
from spasmwatch_services.recorder.dead_letters import DeadLetters

GROUP = "spasmwatch.forget"
BACKUPS = (
    "Backups, exported files and folders before-restore-… are not touched: remove those, they still hold everything."
)
ELSEWHERE = "This machine has no token for the store: run it where the recorder runs, too."
INFLUX = "InfluxDB keeps names and deleted values in files of its own until it is built anew: docs/privacy.md says how."
SETTINGS = "The settings still name this person (home.person): choose another name before the programs start again."


def forget(settings: Settings, person: str) -> dict[str, int]:
    """Number of things removed by place. Raises StoreError, OutboxError."""
    removed = {}
    for file in sorted((settings.home.data / "outbox").glob("*.sqlite")):
        removed[f"outbox of {file.stem}"] = outbox.forget(file, person)
    letters = DeadLetters(settings.home.data / "recorder", settings.recorder.dead_letters_mb)
    unwanted = {letter.digest for letter in letters if letter.names(person)}
    letters.remove(unwanted)
    removed["dead letters"] = len(unwanted)
    if _reaches_the_store(settings):
        store = open_store(settings)
        try:
            removed["store"] = store.forget(person)
        finally:
            store.close()
    for room in entry_points(group=GROUP):
        other: Callable[[Settings, str], int] = room.load()
        removed[room.name] = other(settings, person)
    return removed


def left_over(settings: Settings, person: str) -> list[str]:
    """What is out of reach of :func:`forget`, for whoever called it."""
    told = [BACKUPS]
    if not _reaches_the_store(settings):
        told.append(ELSEWHERE)
    elif settings.store.kind == "influx":
        told.append(INFLUX)
    if person == settings.home.person:
        told.append(SETTINGS)
    return told


def _reaches_the_store(settings: Settings) -> bool:
    """A camera in a container has no token for InfluxDB."""
    influx = settings.store.influx
    return settings.store.kind != "influx" or influx.token is not None or influx.token_file is not None
