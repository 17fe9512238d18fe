"""Looking at dead letters, and publishing those again that are valid records now."""

import json
import threading
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.stores import open_store
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Diary, Record
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import RecordError, SpasmWatchError, UsageError
from spasmwatch.ports import Store
from spasmwatch.settings import Settings
from spasmwatch_services.recorder.dead_letters import DeadLetter, DeadLetters
from spasmwatch_services.recorder.storing import is_kept

ARRIVE_S = 30.0
"""How long a replay waits for the recorder to store what it has published."""
LOOK_EVERY_S = 0.2


def look_at_dead_letters(settings: Settings, *, replay: bool, discard: list[str], as_json: bool) -> None:
    """Print the letters, or replay or discard some. Raises UsageError, BusError, StoreError, SpasmWatchError."""
    letters = DeadLetters(settings.home.data / "recorder", settings.recorder.dead_letters_mb)
    known = {letter.digest: letter for letter in letters}
    if unknown := set(discard) - known.keys() - {"all"}:
        raise UsageError(f"no dead letter {', '.join(sorted(unknown))}")
    gone = set(known) if "all" in discard else set(discard)
    late: set[str] = set()
    if replay:
        published = _publish_again(settings, [letter for letter in known.values() if letter.digest not in gone])
        late = _not_stored(settings, published)
        gone |= published.keys() - late
    if gone:
        letters.remove(gone)
        print(f"{len(gone)} dead letters removed, {len(known) - len(gone)} left")
    elif not replay:
        for letter in known.values():
            print(_json(letter) if as_json else f"{letter.time}  {letter.digest}  {letter.topic}: {letter.reason}")
        if not known and not as_json:
            print("no dead letters")
    if late:
        raise SpasmWatchError(
            f"{len(late)} of the records published again are not in the store; they stay dead letters."
            " Is the recorder running?"
        )


def _json(letter: DeadLetter) -> str:
    payload = letter.payload.decode(errors="backslashreplace")
    facts = {"time": letter.time, "letter": letter.digest, "topic": letter.topic, "reason": letter.reason}
    return json.dumps({**facts, "payload": payload})


def _publish_again(settings: Settings, letters: list[DeadLetter]) -> dict[str, Record]:
    """Publish what is a record by now; returns these by the names of their letters."""
    valid = {}
    for letter in letters:
        try:
            valid[letter.digest] = parse(letter.payload)
        except RecordError as error:
            print(f"{letter.digest}  still no valid record: {error}")
    if not valid:
        return valid
    topics = Topics(settings.mqtt.base, settings.home.name)
    bus = MqttBus(settings.mqtt, topics, client=f"replay-{uuid4().hex[:8]}")
    try:
        bus.wait_until_connected(10)
        bus.publish_all((letter.topic, letter.payload) for letter in letters if letter.digest in valid)
    finally:
        bus.close()
    print(f"{len(valid)} records published again")
    return valid


def _not_stored(settings: Settings, published: dict[str, Record]) -> set[str]:
    """Letters whose records are not in the store after a while: only the store itself proves that one is done with."""
    waiting = {digest: record for digest, record in published.items() if is_kept(record)}
    if not waiting:
        return set()
    store = open_store(settings, readonly=True)
    try:
        for _ in range(int(ARRIVE_S / LOOK_EVERY_S)):
            waiting = {digest: record for digest, record in waiting.items() if not _is_stored(store, record)}
            if not waiting:
                break
            threading.Event().wait(LOOK_EVERY_S)
    finally:
        store.close()
    return set(waiting)


def _is_stored(store: Store, record: Record) -> bool:
    found: Iterable[Record]
    if isinstance(record, Diary):
        found = store.history(record.entry_id)
    else:
        found = store.read(record.what, None, record.when, record.when + timedelta(microseconds=1))
    return any(item.id == record.id for item in found)
