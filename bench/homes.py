"""A home's history for measurements: seeded, realistic in size and order."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Record, rfc3339

START = datetime(2025, 9, 1, tzinfo=UTC)
SPASMS_A_DAY = 500
DAY = timedelta(days=1)
DETECTOR = {"name": "spasmwatch", "version": "1.0"}


def payloads(seed: int, *, spasms_a_day: int = SPASMS_A_DAY, node: str = "cam1") -> Iterator[tuple[str, bytes]]:
    """Kind and payload of records without end: minutes of observation and the spasms in them, numbered."""
    chance = random.Random(seed)
    seq, minute = 0, START
    while True:
        number = spasms_a_day // 1440 + (chance.random() < spasms_a_day % 1440 / 1440)
        starts = sorted(minute + timedelta(seconds=chance.uniform(0.1, 50)) for _ in range(number))
        for fields in (_observation(minute, chance), *(_spasm(start, chance) for start in starts)):
            what = fields.pop("what")
            envelope = {"schema": f"{what}/1.0", "id": identity(chance), "home": "home", "node": node}
            envelope |= {"person": "patient", "boot": f"bench{seed}", "seq": seq}
            yield what, json.dumps(envelope | fields, separators=(",", ":")).encode()
            seq += 1
        minute += timedelta(minutes=1)


def history(seed: int, *, spasms_a_day: int = SPASMS_A_DAY, node: str = "cam1") -> Iterator[Record]:
    """The same as records."""
    return (parse(payload) for _, payload in payloads(seed, spasms_a_day=spasms_a_day, node=node))


def take(number: int, seed: int = 1) -> list[Record]:
    """The first records of a history."""
    return list(islice(history(seed), number))


def identity(chance: random.Random) -> str:
    """A UUIDv7 with the present time and random bits that the seed decides."""
    random_bits = 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)
    return str(UUID(int=uuid7().int >> 80 << 80 | random_bits))


def _observation(start: datetime, chance: random.Random) -> dict[str, Any]:
    observed = 60.0 if chance.random() < 0.5 else round(chance.uniform(0, 60), 2)
    return {
        "what": "observation", "start": rfc3339(start), "seconds": 60.0, "observed_s": observed, "face_s": observed,
        "unobserved": {"turned": round(60 - observed, 2)}, "fps": 24.8, "blinks": chance.randrange(30),
        "spasm_closed_s": 0.4, "rest_closed_s": 0.0, "unclear_closed_s": 0.0, "openness_left": 0.97,
        "openness_right": 1.02, "talking_s": 3.2, "light": 0.41, "detector": DETECTOR, "clock_ok": True,
    }  # fmt: skip


def _spasm(start: datetime, chance: random.Random) -> dict[str, Any]:
    length = min(8.0, chance.lognormvariate(-0.5, 0.7))
    return {
        "what": "spasm", "phase": "end", "spasm_id": identity(chance), "start": rfc3339(start),
        "end": rfc3339(start + timedelta(seconds=length)),
        "kind": chance.choice(["hemifacial"] * 8 + ["blepharospasm", "tic"]),
        "side": chance.choice(["left"] * 8 + ["right", "both"]), "regions": ["eye", "cheek"], "bursts": 1,
        "intensity": round(chance.random(), 3), "confidence": 0.9, "closed_s": round(length / 2, 3),
        "context": ["resting"], "detector": DETECTOR, "side_verified": True, "clock_ok": True,
    }  # fmt: skip
