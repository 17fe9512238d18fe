"""Looking at dead letters, and publishing those again that are valid records now."""

import json
from uuid import uuid4

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.records import parse
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import RecordError, UsageError
from spasmwatch.settings import Settings
from spasmwatch_services.recorder.dead_letters import DeadLetter, DeadLetters


def look_at_dead_letters(settings: Settings, *, replay: bool, discard: list[str], as_json: bool) -> None:
    """Print the letters, or replay or discard some. Raises UsageError, BusError."""
    letters = DeadLetters(settings.home.data / "recorder", settings.recorder.dead_letters_mb)
    known = {letter.digest: letter for letter in letters}
    if unknown := set(discard) - known.keys() - {"all"}:
        raise UsageError(f"no dead letter {', '.join(sorted(unknown))}")
    gone = set(known) if "all" in discard else set(discard)
    if replay:
        gone |= _replay(settings, [letter for letter in known.values() if letter.digest not in gone])
    if gone:
        letters.keep_only(known.keys() - gone)
        print(f"{len(gone)} dead letters removed, {len(known) - len(gone)} left")
        return
    for letter in known.values():
        print(_json(letter) if as_json else f"{letter.time}  {letter.digest}  {letter.topic}: {letter.reason}")
    if not known and not as_json:
        print("no dead letters")


def _json(letter: DeadLetter) -> str:
    payload = letter.payload.decode(errors="backslashreplace")
    facts = {"time": letter.time, "letter": letter.digest, "topic": letter.topic, "reason": letter.reason}
    return json.dumps({**facts, "payload": payload})


def _replay(settings: Settings, letters: list[DeadLetter]) -> set[str]:
    """Publish what is a record by now; returns the digests of these."""
    valid = []
    for letter in letters:
        try:
            parse(letter.payload)
        except RecordError as error:
            print(f"{letter.digest}  still no valid record: {error}")
        else:
            valid.append(letter)
    if not valid:
        return set()
    topics = Topics(settings.mqtt.base, settings.home.name)
    bus = MqttBus(settings.mqtt, topics, client=f"replay-{uuid4().hex[:8]}")
    try:
        bus.wait_until_connected(10)
        bus.publish_all((letter.topic, letter.payload) for letter in valid)
    finally:
        bus.close()
    print(f"{len(valid)} records published again")
    return {letter.digest for letter in valid}
