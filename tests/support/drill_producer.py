"""The drill's camera: makes numbered, seeded records and gives them to its outbox, and can be killed at any moment.

Run as ``python drill_producer.py PORT FOLDER SEED NUMBER``. Record ``i`` is the same in every life, so what was given
to the outbox but not noted as done is given once more, under the same id.
"""

import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.records import Diary, Label, Observation, Record, Spasm
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import OutboxError
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch.settings.outbox import OutboxSettings

START = datetime(2026, 3, 1, tzinfo=UTC)
TOPICS = Topics("spasmwatch", "home")
SETTINGS = OutboxSettings(resend_after_s=2.0)
DETECTOR = {"name": "drill", "version": "1"}
VERDICTS = ("confirmed", "false_alarm", "voluntary", "unsure")


def identity(seed: int, number: int, salt: int = 0) -> str:
    """A UUIDv7 of record ``number``."""
    chance = random.Random(f"{seed} {number} {salt}")
    stamp = int(START.timestamp() * 1000) + number
    return str(UUID(int=stamp << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)))


def draft(seed: int, number: int) -> Record:
    """Record ``number``: mostly minutes and spasms; starts of spasms, diary revisions and labels among them."""
    chance = random.Random(f"{seed} {number}")
    start = START + timedelta(minutes=number, seconds=chance.uniform(0, 40))
    if chance.random() < 0.3:
        start -= timedelta(minutes=chance.randrange(2000))  # late
    common = {"id": identity(seed, number), "person": "patient"}
    makers: list[Callable[[], Record]] = [
        lambda: Observation.model_validate(
            {**common, "start": start, "seconds": 60, "observed_s": chance.randrange(61), "detector": DETECTOR}
        ),
        lambda: _spasm(common, seed, number, start, chance),
        lambda: Spasm.model_validate(
            {**common, "phase": "start", "spasm_id": identity(seed, number, 1), "start": start}
        ),
        lambda: Diary.model_validate(
            {**common, "at": start, "logged_at": start, "entry_id": f"entry-{number % 40}",
             "revision": 1 + number // 40, "author": "patient", "kind": "note", "text": f"note {number}",
             "deleted": chance.random() < 0.1}
        ),
        lambda: _label(common, seed, number, start, chance),
    ]  # fmt: skip
    [maker] = chance.choices(makers, [50, 35, 5, 5, 5])
    return maker()


def _spasm(common: dict[str, object], seed: int, number: int, start: datetime, chance: random.Random) -> Spasm:
    return Spasm.model_validate(
        {
            **common, "phase": "end", "spasm_id": identity(seed, number, 1), "start": start,
            "end": start + timedelta(seconds=1), "kind": chance.choice(["hemifacial", "tic"]),
            "side": chance.choice(["left", "right"]), "bursts": 1, "intensity": 0.5, "confidence": 0.5,
            "closed_s": 0.25, "detector": DETECTOR,
        }
    )  # fmt: skip


def _label(common: dict[str, object], seed: int, number: int, start: datetime, chance: random.Random) -> Record:
    for earlier in range(number - 1, 0, -1):
        spasm = draft(seed, earlier)
        if isinstance(spasm, Spasm) and spasm.phase == "end":
            return Label.model_validate(
                {**common, "time": START + timedelta(days=30, seconds=number), "spasm_id": spasm.spasm_id,
                 "spasm_node": "cam1", "start": spasm.start, "kind": spasm.kind, "side": spasm.side,
                 "verdict": chance.choice(VERDICTS), "author": "patient"}
            )  # fmt: skip
    return Observation.model_validate({**common, "start": start, "seconds": 60, "observed_s": 60, "detector": DETECTOR})


def main(port: int, folder: Path, seed: int, number: int) -> None:
    """Produce; then stay until the outbox is empty."""
    done = folder / "produced"
    bus = MqttBus(Mqtt(port=port), TOPICS, client="home-cam1", node="cam1")
    outbox = DiskOutbox(folder / "cam1.sqlite", home="home", node="cam1", settings=SETTINGS)
    courier = Courier(outbox, bus, TOPICS, "cam1", SETTINGS)
    for index in range(int(done.read_text()) if done.exists() else 0, number):
        _give(outbox, draft(seed, index), folder / "disk-full")
        new = done.with_suffix(".new")
        new.write_text(str(index + 1))
        new.replace(done)
    while not courier.flush(1):
        pass
    (folder / "finished").touch()
    for resource in (courier, bus, outbox):
        resource.close()


def _give(outbox: DiskOutbox, record: Record, full: Path) -> None:
    """Like a camera: what the disk does not take now is offered again."""
    while True:
        limit = outbox._number("PRAGMA page_count") if full.exists() else 2**30
        outbox._number(f"PRAGMA max_page_count = {limit}")
        try:
            outbox.add(record)
            return
        except OutboxError:
            time.sleep(0.05)


if __name__ == "__main__":
    threading.excepthook = lambda args: sys.__excepthook__(args.exc_type, args.exc_value or args.exc_type(), None)
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
