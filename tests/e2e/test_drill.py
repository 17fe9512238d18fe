"""Nothing lost between the camera and the store, whatever dies in between (at length: bench/drill.py)."""

from pathlib import Path

import pytest

from support.drill import Drill, Kind
from support.require import require


@pytest.mark.parametrize("kind", ["sqlite", "influx"])
def test_kills_cuts_and_hostile_payloads_lose_nothing_and_double_nothing(tmp_path: Path, kind: Kind) -> None:
    require("mosquitto")
    if kind == "influx":
        require("influxd")
    drill = Drill(tmp_path, kind, seed=7, number=150, kills=4)
    assert drill.schedule == Drill(tmp_path, kind, seed=7, number=150, kills=4).schedule
    outcome = drill.run(timeout=120)
    assert outcome.kills == 4
    assert (outcome.lost, outcome.doubled, outcome.wrong) == ([], [], [])
    assert outcome.stored == outcome.produced > 120
