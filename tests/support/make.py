"""Records for tests: complete and valid, with just the fields a test cares about given."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from uuid6 import uuid7

from spasmwatch.domain.records import Observation, Record, Spasm

R = TypeVar("R", bound=Record)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_numbers = itertools.count()


def stamped(draft: R, node: str = "cam1", home: str = "home", boot: str = "boot1", seq: int | None = None) -> R:
    """A draft with its envelope, as an outbox would stamp it."""
    return draft.model_copy(
        update={
            "schema_": f"{draft.what}/1.0",
            "id": str(uuid7()),
            "home": home,
            "node": node,
            "boot": boot,
            "seq": next(_numbers) if seq is None else seq,
        }
    )


def spasm(start: datetime = START, seconds: float = 0.8, **fields: Any) -> Spasm:
    """The end of one spasm, left hemifacial unless told otherwise (a draft)."""
    return Spasm.model_validate(
        {
            "person": "patient",
            "phase": "end",
            "spasm_id": str(uuid7()),
            "start": start,
            "end": start + timedelta(seconds=seconds),
            "kind": "hemifacial",
            "side": "left",
            "regions": ("eye", "cheek"),
            "bursts": 1,
            "intensity": 0.7,
            "confidence": 0.9,
            "closed_s": 0.4,
            "detector": {"name": "spasmwatch", "version": "1"},
            **fields,
        }
    )


def observation(start: datetime = START, observed_s: float = 60.0, **fields: Any) -> Observation:
    """One minute of observation (a draft)."""
    return Observation.model_validate(
        {
            "person": "patient",
            "start": start,
            "seconds": 60.0,
            "observed_s": observed_s,
            "face_s": observed_s,
            "fps": 25.0,
            "blinks": 15,
            "openness_left": 1.0,
            "openness_right": 1.0,
            "detector": {"name": "spasmwatch", "version": "1"},
            **fields,
        }
    )
