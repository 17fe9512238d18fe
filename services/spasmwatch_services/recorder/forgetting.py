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


def forget(settings: Settings, person: str) -> dict[str, int]:
    """Number of things removed by place. Raises StoreError, OutboxError."""
    removed = {}
    for file in sorted((settings.home.data / "outbox").glob("*.sqlite")):
        removed[f"outbox of {file.stem}"] = outbox.forget(file, person)
    letters = DeadLetters(settings.home.data / "recorder", settings.recorder.dead_letters_mb)
    kept = list(letters)
    wanted = {letter.digest for letter in kept if not letter.names(person)}
    letters.keep_only(wanted)
    removed["dead letters"] = sum(letter.digest not in wanted for letter in kept)
    store = open_store(settings)
    try:
        removed["store"] = store.forget(person)
    finally:
        store.close()
    for room in entry_points(group=GROUP):
        other: Callable[[Settings, str], int] = room.load()
        removed[room.name] = other(settings, person)
    return removed
