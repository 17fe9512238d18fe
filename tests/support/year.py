"""A year of one simulated patient as RECORDS.jsonl: every minute observed or not, cycles, triggers, diary, alerts.

    python -m support.year RECORDS.jsonl [--days 365] [--seed 1]     (from the tests folder)

Written as plain JSON, not through our models, so that reading it also tests the contract.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

START = datetime(2025, 1, 6, tzinfo=UTC)
INJECTIONS_D = (40, 138, 236, 331)
DETECTOR = {"name": "spasmwatch", "version": "1.2"}
NEW_DETECTOR = {"name": "spasmwatch", "version": "1.3"}
Fields = dict[str, Any]


def write(path: Path, days: int = 365, seed: int = 1) -> Path:
    """Write the records of ``days`` days from START, in the order in which they became known."""
    with path.open("w", encoding="utf-8") as file:
        for number, (fields, node) in enumerate(_records(days, np.random.default_rng(seed))):
            envelope = {
                "schema": fields["schema"],
                "id": str(UUID(int=(0x0196_0000_0000 << 80) | (7 << 76) | (1 << 63) | number)),
                "home": "home",
                "node": node,
                "boot": "b1",
                "seq": number,
            }
            file.write(json.dumps({**envelope, "person": "patient", **fields}, separators=(",", ":")) + "\n")
    return path


def _records(days: int, random: np.random.Generator) -> Iterator[tuple[Fields, str]]:
    for day in range(days):
        found = sorted(_day(day, random), key=lambda item: item[0])
        yield from ((fields, node) for _, fields, node in found)


def _level(day: int) -> float:
    """The effect of the last injection: sets in within a week, wears off after ten to twelve weeks."""
    since = [day - each for each in INJECTIONS_D if day >= each]
    if not since:
        return 1.0
    held = min(max((since[-1] - 3) / 6, 0), 1) * (1 - min(max((since[-1] - 72) / 16, 0), 1))
    return float(np.exp(np.log(0.3) * held))


def _day(day: int, random: np.random.Generator) -> Iterator[tuple[float, Fields, str]]:
    away = random.random() < 0.05
    begin = [random.uniform(7, 9), random.uniform(12, 14), random.uniform(18, 20)]
    pieces = [] if away else [(start, start + random.uniform(0.7, 2.2)) for start in begin]
    coffees = sorted(start + random.uniform(0, 1) for start, _ in pieces if random.random() < 0.7)
    sleep = float(np.clip(random.normal(7, 1.1), 3, 10))
    level = 5.0 * _level(day) * random.gamma(8, 1 / 8) * np.exp(-0.12 * (sleep - 7))
    yield from _minutes(day, pieces, random)
    spasms = list(_spasms(day, pieces, coffees, level, random))
    yield from spasms
    yield from _check(day, spasms)
    yield from _entries(day, coffees, sleep, pieces, random)


def _at(day: int, hour: float) -> str:
    return (START + timedelta(days=day, hours=float(hour))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seen(hour: float, pieces: list[tuple[float, float]]) -> bool:
    return any(start <= hour < end for start, end in pieces)


def _detector(day: int) -> Fields:
    return NEW_DETECTOR if day >= 200 else DETECTOR


def _minutes(
    day: int, pieces: list[tuple[float, float]], random: np.random.Generator
) -> Iterator[tuple[float, Fields, str]]:
    for minute in range(1440):
        hour = minute / 60
        observed = round(float(min(60, random.uniform(45, 66))), 1) if _seen(hour, pieces) else 0.0
        reason = "turned" if observed else "absent"
        yield (
            24 * day + hour + 1 / 60,
            {
                "schema": "observation/1.0",
                "start": _at(day, hour),
                "seconds": 60.0,
                "observed_s": observed,
                "face_s": observed,
                "unobserved": {reason: round(60 - observed, 1)},
                "fps": 24.6,
                "blinks": int(random.poisson(observed / 60 * 17)),
                "talking_s": round(observed * 0.2, 1),
                "detector": _detector(day),
                "clock_ok": True,
            },
            "cam1",
        )


def _spasms(
    day: int, pieces: list[tuple[float, float]], coffees: list[float], level: float, random: np.random.Generator
) -> Iterator[tuple[float, Fields, str]]:
    for start, end in pieces:
        for hour in np.sort(random.uniform(start, end, random.poisson(2 * level / 2.2 * (end - start)))):
            raised = any(0 <= hour - coffee < 1 for coffee in coffees)
            evening = 1.4 if hour > 17 else 1.0
            if random.random() > evening * (1.8 if raised else 1.0) / 2.52:
                continue
            for number in range(random.geometric(1 / 2.2)):
                moment = hour + number * random.exponential(0.02)
                if _seen(moment, pieces):
                    yield _spasm(day, moment, random)


def _spasm(day: int, hour: float, random: np.random.Generator) -> tuple[float, Fields, str]:
    tic = random.random() < 0.08
    seconds = float(random.lognormal(-0.3, 0.7))
    end = hour + seconds / 3600
    return (
        24 * day + end,
        {
            "schema": "spasm/1.0",
            "phase": "end",
            "spasm_id": f"s{day}-{round(hour * 3.6e6)}",
            "start": _at(day, hour),
            "end": _at(day, end),
            "kind": "tic" if tic else "hemifacial",
            "side": "both" if tic else "left" if random.random() < 0.95 else "right",
            "regions": ["eye", "cheek"],
            "bursts": int(random.integers(1, 4)),
            "intensity": round(float(random.uniform(0.3, 0.9)), 2),
            "confidence": 0.9,
            "closed_s": round(seconds * 0.6, 2),
            "context": [str(random.choice(["resting", "talking", "chewing"], p=[0.6, 0.3, 0.1]))],
            "detector": _detector(day),
            "side_verified": day > 60,
            "clock_ok": True,
        },
        "cam1",
    )


def _entries(
    day: int, coffees: list[float], sleep: float, pieces: list[tuple[float, float]], random: np.random.Generator
) -> Iterator[tuple[float, Fields, str]]:
    for hour in coffees:
        yield _entry(day, hour, "caffeine", value=1, unit="cups", subkind="coffee")
    yield _entry(day, 6.9, "sleep", value=round(sleep * 2) / 2, unit="h", subkind="hours")
    for start, _ in pieces:
        if random.random() < 0.35:
            yield _entry(day, start + random.uniform(0, 1), "stress", value=float(random.integers(2, 10)))
        if random.random() < 0.1:
            yield _entry(day, start + random.uniform(0.2, 1), "remedy", subkind="warm_compress")
    yield _entry(day, 8.0, "medication", value=300, unit="mg", text="Gabapentin", subkind="taken")
    if pieces and random.random() < 0.5:
        yield _screen(day, pieces[-1][0] + random.uniform(0, 0.6), random.uniform(0.2, 0.8))
    if day in INJECTIONS_D:
        yield _entry(day, 10.5, "treatment", subkind="botulinum", text="as given by the clinic")
    if day % 14 == 7:
        for name, base in (("reading", 2.2), ("driving", 1.4)):
            score = round(float(np.clip(base * _level(day) + random.normal(0.3, 0.3), 0, 4)))
            yield _entry(day, 20.2, "function", subkind=name, value=score)
    yield from _rare(day)


def _rare(day: int) -> Iterator[tuple[float, Fields, str]]:
    if day == 110:
        yield _entry(day, 9, "medication", value=300, unit="mg", text="Gabapentin", subkind="dose_changed")
    if day == 151:
        yield _entry(day, 11, "symptom", subkind="mild_drooping")
    if day == 290:
        yield _entry(day, 17, "symptom", subkind="vision_change")
    if day in (130, 228, 322):
        yield _alert(day)


def _check(day: int, spasms: list[tuple[float, Fields, str]]) -> Iterator[tuple[float, Fields, str]]:
    """A ten-minute check every twenty days: most spasms are felt, one is felt that the camera missed."""
    if day % 20 != 10 or not spasms:
        return
    first = spasms[0][0] - 24 * day
    end = first + 8 / 60
    felt = [when - 24 * day + 1 / 3600 for when, _, _ in spasms if when - 24 * day < end]
    for hour in [*felt[: 1 + len(felt) * 3 // 4], first + 5 / 60]:
        yield _entry(day, hour, "symptom", subkind="felt_spasm", unit=f"check-{day}")
    yield _entry(day, end, "note", subkind="check", value=10, unit=f"check-{day}")


def _entry(day: int, hour: float, kind: str, **fields: object) -> tuple[float, Fields, str]:
    entry = {
        "schema": "diary/1.0",
        "at": _at(day, hour),
        "entry_id": f"{kind}-{fields.get('subkind', '')}-{day}-{round(hour * 3600)}",
        "revision": 1,
        "deleted": False,
        "logged_at": _at(day, hour + 0.03),
        "author": "patient",
        "kind": kind,
        **fields,
    }
    return 24 * day + hour + 0.03, entry, "diary"


def _screen(day: int, hour: float, hours: float) -> tuple[float, Fields, str]:
    span = {
        "schema": "trigger/1.0",
        "time": _at(day, hour),
        "end": _at(day, hour + hours),
        "form": "span",
        "time_source": "device",
        "kind": "screen",
        "source": "rule",
        "device": "tv-plug",
        "rule": "tv on",
        "certainty": 0.8,
    }
    return 24 * day + hour + hours, span, "triggers"


def _alert(day: int) -> tuple[float, Fields, str]:
    alert = {
        "schema": "alert/1.0",
        "time": _at(day, 8.5),
        "alert_id": f"a{day}",
        "rule": "wearing_off",
        "severity": "warning",
        "state": "firing",
        "since": _at(day, 8.5),
        "reason": "4.9 per observed hour this week, 1.6 in this cycle's plateau (2.4 to 3.9 times)",
        "evidence": {"rate": 4.9, "baseline": 1.6},
    }
    return 24 * day + 8.5, alert, "alerts"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.out, arguments.days, arguments.seed)
