"""The compose file: valid for every profile, pinned, hardened, without a secret in it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.require import require

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROGRAMS = ("recorder", "alerts", "diary", "triggers", "insights", "edge")


def test_without_init_it_says_what_to_do(tmp_path: Path) -> None:
    program = require("docker-compose")
    (tmp_path / "docker-compose.yml").write_bytes((ROOT / "docker-compose.yml").read_bytes())
    done = subprocess.run(
        [program, "--profile", "server", "config", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "spasmwatch init" in done.stderr


def test_every_named_component_is_there() -> None:
    named = {"mosquitto", "influxdb", "grafana", "ntfy", "recorder", "triggers", "diary", "alerts", "insights", "edge"}
    assert named <= SERVICES.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_limited_unprivileged_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":(v?\d+\.\d+\.\d+|\$\{SPASMWATCH_VERSION)", service["image"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].startswith("${SPASMWATCH_UID")
    assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys()
    assert "privileged" not in service
    if name != "tools":
        assert service["restart"] == "unless-stopped"
        assert "test" in service["healthcheck"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_has_an_account_and_a_certificate_of_its_own(name: str) -> None:
    service = SERVICES[name]
    assert service["command"] == ([name, "--serve"] if name == "insights" else [name])
    assert service["environment"]["SPASMWATCH_MQTT__PASSWORD_FILE"] == f"/run/secrets/mqtt_{name}"
    assert any(volume.endswith(":/run/certificates:ro") for volume in service["volumes"])


def test_only_the_recorder_and_the_tools_may_write_to_the_store() -> None:
    writers = {
        name for name, service in SERVICES.items() if "influx_admin_token" in service.get("secrets", ())
    } - {"influxdb"}  # fmt: skip
    assert writers == {"recorder", "tools"}
    assert SERVICES["influxdb"]["networks"] == ["inside"]
    assert "ports" not in SERVICES["influxdb"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET", key):
                assert str(value).startswith("/run/secrets/"), key
    assert all(secret["file"].startswith("./var/secrets/") for secret in COMPOSE["secrets"].values())


def test_nothing_phones_home() -> None:
    grafana, influxdb = SERVICES["grafana"]["environment"], SERVICES["influxdb"]["environment"]
    assert grafana["GF_ANALYTICS_REPORTING_ENABLED"] == "false"
    assert grafana["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"
    assert influxdb["INFLUXD_REPORTING_DISABLED"] == "true"


SCRIPTS = sorted(path for path in (ROOT / "deploy").rglob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_script_passes_shellcheck(script: Path) -> None:
    done = subprocess.run([require("shellcheck"), str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
