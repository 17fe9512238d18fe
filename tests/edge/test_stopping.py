"""The camera program ends in good order also when nobody confirms what it has sent."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from spasmwatch.settings.mqtt import Mqtt
from support.wait import until


def test_it_stops_without_an_error_while_no_recorder_runs(broker: Mqtt, tmp_path: Path) -> None:
    settings, said = tmp_path / "spasmwatch.toml", tmp_path / "said"
    settings.write_text(
        f"[home]\ndata = {json.dumps(str(tmp_path / 'data'))}\n[mqtt]\nport = {broker.port}\n"
        '[camera]\nsource = "simulator"\ndemo = true\n'
    )
    command = [sys.executable, "-m", "spasmwatch", "edge", "--settings", str(settings)]
    with said.open("w") as output, subprocess.Popen(command, stderr=output) as process:
        until(lambda: "started" in said.read_text(), 60, "the camera program to start")
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0, said.read_text()
