"""A home's history for measurements: seeded, realistic in size and order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from uuid6 import uuid7

from spasmwatch.domain.records import Observation, Record, Spasm

START = datetime(2025, 9, 1, tzinfo=UTC)
SPASMS_A_DAY = 500
DAY = timedelta(days=1)


def history(seed: int, *, spasms_a_day: int = SPASMS_A_DAY, node: str = "cam1") -> Iterator[Record]:
    """Minutes of observation and the spasms between them, numbered as one producer would, without end."""
    chance = random.Random(seed)
    boot, seq, minute = f"bench{seed}", 0, START
    while True:
        drafts: list[Record] = [_observation(minute, chance)]
        number = spasms_a_day // 1440 + (chance.random() < spasms_a_day % 1440 / 1440)
        drafts += [_spasm(minute + timedelta(seconds=chance.uniform(0, 50)), chance) for _ in range(number)]
        for draft in sorted(drafts, key=lambda draft: draft.when):
            yield draft.model_copy(
                update={"schema_": f"{draft.what}/1.0", "id": identity(chance), "home": "home", "node": node,
                        "person": "patient", "boot": boot, "seq": seq}
            )  # fmt: skip
            seq += 1
        minute += timedelta(minutes=1)


def take(number: int, seed: int = 1) -> list[Record]:
    """The first records of a history."""
    return list(islice(history(seed), number))


def identity(chance: random.Random) -> str:
    """A UUIDv7 that the seed decides, with the present time."""
    random_bits = 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)
    return str(UUID(int=uuid7().int >> 80 << 80 | random_bits))


def _observation(start: datetime, chance: random.Random) -> Observation:
    observed = 60.0 if chance.random() < 0.5 else round(chance.uniform(0, 60), 2)
    return Observation.model_validate(
        {
            "start": start, "seconds": 60.0, "observed_s": observed, "face_s": observed, "fps": 24.8,
            "unobserved": {"turned": round(60 - observed, 2)}, "blinks": chance.randrange(30), "light": 0.41,
            "openness_left": 0.97, "openness_right": 1.02, "detector": {"name": "spasmwatch", "version": "1.0"},
        }
    )  # fmt: skip


def _spasm(start: datetime, chance: random.Random) -> Spasm:
    length = min(8.0, chance.lognormvariate(-0.5, 0.7))
    return Spasm.model_validate(
        {
            "phase": "end", "spasm_id": identity(chance), "start": start, "end": start + timedelta(seconds=length),
            "kind": chance.choice(["hemifacial"] * 8 + ["blepharospasm", "tic"]),
            "side": chance.choice(["left"] * 8 + ["right", "both"]), "regions": ["eye", "cheek"], "bursts": 1,
            "intensity": round(chance.random(), 3), "confidence": 0.9, "closed_s": round(length / 2, 3),
            "detector": {"name": "spasmwatch", "version": "1.0"},
        }
    )  # fmt: skip
