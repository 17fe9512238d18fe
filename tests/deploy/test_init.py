"""`spasmwatch init`: from a clean clone to a home whose compose file is valid and whose secrets are its own."""

import json
import os
import re
import shutil
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bcrypt
import pytest
import yaml

from spasmwatch.cli import main
from spasmwatch.settings import load
from spasmwatch.setup.authority import SERVER_DAYS, Authority, ends_at
from spasmwatch.setup.passwords import broker_hash, matches
from support.require import require

ROOT = Path(__file__).resolve().parents[2]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("profile", ["all", "server", "edge", "existing-broker", "tools"])
def test_after_init_the_compose_file_is_valid_and_all_it_mounts_is_there(laid_home: Path, profile: str) -> None:
    command = [require("docker-compose"), "--profile", profile, "config"]
    done = subprocess.run(command, cwd=laid_home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = yaml.safe_load(done.stdout)
    wanted = [secret["file"] for secret in shown["secrets"].values()]
    wanted += [
        volume.split(":")[0] for service in shown["services"].values() for volume in service.get("volumes", ())
    ]  # fmt: skip
    ours = [Path(path) for path in wanted if path.startswith(f"{laid_home}/var/") or path == f"{laid_home}/backups"]
    assert ours
    assert [path for path in ours if not path.exists()] == []


def test_a_second_recorder_can_be_laid_over_it(laid_home: Path) -> None:
    overlay = ROOT / "deploy" / "compose" / "replicas.yml"
    command = [
        require("docker-compose"),
        "-f",
        "docker-compose.yml",
        "-f",
        str(overlay),
        "--profile",
        "server",
        "config",
    ]
    done = subprocess.run(command, cwd=laid_home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert services["recorder2"]["environment"]["SPASMWATCH_RECORDER__SHARE"] == "recorders"
    assert services["recorder"]["environment"]["SPASMWATCH_RECORDER__SHARE"] == "recorders"
    assert services["recorder2"]["read_only"] is True


def test_init_again_changes_nothing(laid_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "home"
    shutil.copytree(laid_home, folder)
    before = _files(folder)
    assert main(["init", "--folder", str(folder)]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert _files(folder) == before


def test_what_people_changed_in_settings_and_environment_stays(laid_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    shutil.copytree(laid_home, folder)
    settings, environment = folder / "var" / "spasmwatch.toml", folder / ".env"
    settings.write_text(settings.read_text() + "\n[outbox]\nmax_mb = 99\n")
    environment.write_text(environment.read_text().replace("SPASMWATCH_HOST=spasmwatch.local", "SPASMWATCH_HOST=mine"))
    assert main(["init", "--folder", str(folder), "--camera", "cam3=study"]) == 0
    assert "max_mb = 99" in settings.read_text()
    assert "SPASMWATCH_HOST=mine" in environment.read_text()


def test_a_further_camera_gets_keys_and_rights_and_the_old_passwords_stay(laid_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    shutil.copytree(laid_home, folder)
    before = _files(folder / "var" / "secrets")
    assert main(["init", "--folder", str(folder), "--camera", "cam3=study"]) == 0
    after = _files(folder / "var" / "secrets")
    assert {name: after[name] for name in before} == before
    assert "mqtt_cam3" in after
    assert "user cam3\n" in (folder / "var" / "mosquitto" / "acl").read_text()
    assert (folder / "var" / "cameras" / "cam3" / "own.key").exists()
    assert "user cam2\n" in (folder / "var" / "mosquitto" / "acl").read_text()


def test_a_further_name_of_the_machine_does_not_become_its_first(laid_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    shutil.copytree(laid_home, folder)
    push_server = folder / "var" / "ntfy" / "server.yml"
    before = push_server.read_text()
    assert main(["init", "--folder", str(folder), "--host", "192.168.1.20"]) == 0
    assert push_server.read_text() == before
    assert "192.168.1.20" in json.loads((folder / "var" / "init.json").read_text())["hosts"]


def test_a_missing_password_is_made_again_and_the_broker_learns_it(laid_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    shutil.copytree(laid_home, folder)
    (folder / "var" / "secrets" / "mqtt_alerts").unlink()
    assert main(["init", "--folder", str(folder)]) == 0
    password = (folder / "var" / "secrets" / "mqtt_alerts").read_text().strip()
    kept = dict(line.split(":", 1) for line in (folder / "var" / "mosquitto" / "passwords").read_text().splitlines())
    assert matches(password, kept["alerts"])


def test_no_two_homes_share_a_secret(laid_home: Path, tmp_path: Path) -> None:
    assert main(["init", "--folder", str(tmp_path)]) == 0
    ours, theirs = (_files(home / "var" / "secrets") for home in (laid_home, tmp_path))
    assert set(ours.values()).isdisjoint(theirs.values())


def test_secrets_are_long_and_for_their_owner_alone(laid_home: Path) -> None:
    for file in (laid_home / "var").rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    for file in (laid_home / "var" / "secrets").iterdir():
        assert len(file.read_text().strip()) >= 16, file
    owner = (laid_home / "var" / "spasmwatch.toml").stat().st_uid
    assert owner != 0
    assert f"SPASMWATCH_UID={owner}\n" in (laid_home / ".env").read_text()


def test_git_does_not_see_what_init_makes() -> None:
    made = ["var/secrets/mqtt_cam1", "var/ca/ca.key", ".env", "backups/today.tar.gz"]
    done = subprocess.run(["git", "check-ignore", *made], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == made


def test_the_settings_it_writes_are_valid(laid_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SPASMWATCH_")]:
        monkeypatch.delenv(name)
    server = load(laid_home / "var" / "spasmwatch.toml")
    assert (server.home.name, server.home.timezone, server.store.kind) == ("home", "Europe/Berlin", "influx")
    camera = load(laid_home / "var" / "cameras" / "cam2" / "spasmwatch.toml")
    assert (camera.mqtt.host, camera.mqtt.username, camera.camera.node) == ("spasmwatch.local", "cam2", "cam2")


def test_mosquittos_own_tool_makes_the_same_hashes(tmp_path: Path) -> None:
    program = require("mosquitto_passwd")
    file = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", str(file), "cam1", "a secret"], check=True, capture_output=True)
    kept = file.read_text().strip().split(":", 1)[1]
    assert matches("a secret", kept)
    assert not matches("another", kept)
    assert broker_hash("a secret").split("$")[1:3] == kept.split("$")[1:3]


def test_the_push_server_lets_nobody_in_but_the_accounts_of_the_home(laid_home: Path) -> None:
    var = laid_home / "var"
    server = yaml.safe_load((var / "ntfy" / "server.yml").read_text())
    assert server["auth-default-access"] == "deny-all"
    assert server["cache-file"]
    assert server["enable-signup"] is False
    assert "upstream-base-url" not in server
    users = dict(user.split(":", 1) for user in server["auth-users"])
    for name in ("alerts", "phone"):
        assert users[name].endswith(":user")
        password = (var / "secrets" / f"ntfy_{name}").read_bytes().strip()
        assert bcrypt.checkpw(password, users[name].removesuffix(":user").encode())
    assert set(server["auth-access"]) == {
        "alerts:spasmwatch:wo", "phone:spasmwatch:ro", "phone:spasmwatch-watch:ro", "watch:spasmwatch-watch:wo",
    }  # fmt: skip
    assert re.fullmatch(r"watch:tk_[-_A-Za-z0-9]{29}:Grafana", server["auth-tokens"][0])


def test_phones_accept_the_certificates_and_they_are_renewed_in_time(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    Authority(tmp_path / "ca", "home", now).issue(tmp_path / "diary", "diary", hosts=("spasmwatch.local",))
    first = ends_at(tmp_path / "diary" / "own.crt")
    assert first - now <= timedelta(days=825)
    later = Authority(tmp_path / "ca", "home", now + timedelta(days=SERVER_DAYS - 200))
    assert not later.issue(tmp_path / "diary", "diary", hosts=("spasmwatch.local",))
    late = Authority(tmp_path / "ca", "home", now + timedelta(days=SERVER_DAYS - 60))
    assert late.issue(tmp_path / "diary", "diary", hosts=("spasmwatch.local",))
    assert ends_at(tmp_path / "diary" / "own.crt") > first


def test_a_new_address_of_the_machine_gets_into_the_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca", "home")
    assert authority.issue(tmp_path / "diary", "diary", hosts=("spasmwatch.local",))
    assert authority.issue(tmp_path / "diary", "diary", hosts=("spasmwatch.local", "192.168.1.20"))
    assert not authority.issue(tmp_path / "diary", "diary", hosts=("192.168.1.20",))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--camera", "cam1=bathroom"], "choose another room"),
        (["--camera", "toilet"], "choose another room"),
        (["--camera", "alerts=hall"], "taken"),
        (["--camera", "cam 1"], "letters, digits"),
        (["--home", "a/b"], "letters, digits"),
        (["--timezone", "Mars/Base"], "IANA time zone"),
        (["--base", "a+b"], "topic"),
        (["--host", "my pi"], "no name or address"),
        (["--folder", "/does/not/exist"], "no folder"),
    ],
)
def test_a_wrong_choice_is_refused_in_one_line_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    if "--folder" not in arguments:
        arguments = ["--folder", str(tmp_path), *arguments]
    assert main(["init", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_bedroom_gets_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--folder", str(tmp_path), "--camera", "cam1=bedroom"]) == 0
    assert "warning" in capsys.readouterr().err


def test_the_name_of_the_home_cannot_change_afterwards(laid_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--folder", str(laid_home), "--home", "another"]) == 2
    assert "cannot change" in capsys.readouterr().err


def test_damaged_choices_or_a_lost_key_are_told_in_one_line(
    laid_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "home"
    shutil.copytree(laid_home, folder)
    (folder / "var" / "ca" / "ca.key").unlink()
    assert main(["init", "--folder", str(folder)]) == 1
    assert "backup" in capsys.readouterr().err
    (folder / "var" / "init.json").write_text("{")
    assert main(["init", "--folder", str(folder)]) == 1
    assert "backup" in capsys.readouterr().err
    (folder / "var" / "init.json").write_text(json.dumps({"unknown": 1}))
    assert main(["init", "--folder", str(folder)]) == 1
