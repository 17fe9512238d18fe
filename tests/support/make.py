"""Records for tests: complete and valid, with just the fields a test cares about given."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from uuid6 import uuid7

from spasmwatch.domain.records import Alert, Diary, Health, Label, Observation, Record, Spasm, Trigger, Verdict

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


def diary(at: datetime = START, **fields: Any) -> Diary:
    """A cup of coffee in the diary (a draft)."""
    given = {"person": "patient", "at": at, "entry_id": str(uuid7()), "logged_at": at, "author": "patient"}
    return Diary.model_validate({**given, "kind": "caffeine", "value": 1.0, "unit": "cup", **fields})


def trigger(time: datetime = START, **fields: Any) -> Trigger:
    """A light reading (a draft)."""
    given = {"person": "patient", "time": time, "form": "reading", "kind": "bright_light", "value": 800.0, "unit": "lx"}
    return Trigger.model_validate({**given, "source": "zigbee2mqtt", "device": "window_lux", **fields})


def label(spasm: Spasm, verdict: Verdict = "false_alarm", **fields: Any) -> Label:
    """A person's verdict on a stamped spasm, an hour later unless told otherwise (a draft)."""
    given = {
        "person": spasm.person,
        "time": spasm.start + timedelta(hours=1),
        "spasm_id": spasm.spasm_id,
        "spasm_node": spasm.node,
        "start": spasm.start,
        "kind": spasm.kind,
        "side": spasm.side,
        "verdict": verdict,
        "author": "patient",
    }
    return Label.model_validate({**given, **fields})


def health(time: datetime = START, **fields: Any) -> Health:
    """A running recorder (a draft)."""
    return Health.model_validate({"time": time, "program": "recorder", "state": "running", **fields})


def alert(time: datetime = START, **fields: Any) -> Alert:
    """An escalation that fires (a draft)."""
    given = {"person": "patient", "time": time, "alert_id": str(uuid7()), "rule": "escalation", "severity": "warning"}
    return Alert.model_validate(
        {
            **given,
            "state": "firing",
            "since": time,
            "reason": "more than usual",
            "evidence": {"rate": 12.0, "usual": 3.0, "unit": "per hour", "low": None},
            **fields,
        }
    )
