"""The Pi installer, run for real into a folder; only apt, systemd, user accounts and pip are stand-ins."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.require import require

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = {
    "apt-get": "exit 0",
    "apt-cache": "exit 0",
    "useradd": "exit 0",
    "userdel": "exit 0",
    "usermod": "exit 0",
    "getent": '[ "$2" = video ]',
    "chown": "exit 0",
    "systemctl": 'case "$*" in *"${BROKEN:-nothing is broken}"*) exit 1;; esac; exit 0',
    # `python3 -m venv … FOLDER` makes a folder whose python accepts everything and whose spasmwatch does nothing.
    "python3": """
case "$2" in *version_info*) exit 0;; esac
for folder; do :; done
mkdir -p "$folder/bin"
printf '#!/bin/sh\\nexit 0\\n' | tee "$folder/bin/python" > "$folder/bin/spasmwatch"
chmod +x "$folder/bin/python" "$folder/bin/spasmwatch"
echo "include-system-site-packages = false" > "$folder/pyvenv.cfg"
""",
}


class Machine:
    """A pretended Pi: its file system is ``root``, what it was told to do is in ``log``."""

    def __init__(self, folder: Path) -> None:
        self.root, self.log, tools = folder / "root", folder / "log", folder / "tools"
        self.source = folder / "source"
        for path in ("deploy", "requirements", "core/spasmwatch/adapters", "pyproject.toml"):
            (self.source / path).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
            copy(ROOT / path, self.source / path)
        for name in ("edge", "services", "docs"):
            (self.source / name).mkdir()
        (self.root / "var" / "lib").mkdir(parents=True)
        tools.mkdir()
        for name, body in STAND_INS.items():
            (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\n{body}\n')
            (tools / name).chmod(0o755)
        self.environment = {"PATH": f"{tools}:{os.environ['PATH']}", "SPASMWATCH_ROOT": str(self.root)}

    def install(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        return subprocess.run(
            [require("bash"), str(self.source / "deploy" / "pi" / "install.sh"), *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def change_the_source(self) -> None:
        """A new version to update to."""
        (self.source / "core" / "spasmwatch" / f"new{len(self.releases)}.py").write_text("")

    @property
    def releases(self) -> list[Path]:
        return sorted((self.root / "opt" / "spasmwatch" / "releases").glob("*"))

    @property
    def current(self) -> Path:
        return (self.root / "opt" / "spasmwatch" / "current").readlink()

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def camera_folder(laid_home: Path) -> str:
    return str(laid_home / "var" / "cameras" / "cam2")


def test_a_whole_home_is_installed_and_started(machine: Machine) -> None:
    done = machine.install()
    assert done.returncode == 0, done.stderr
    assert "spasmwatch runs" in done.stdout
    units = machine.root / "etc" / "systemd" / "system"
    unit = (units / "spasmwatch.service").read_text()
    assert "ExecStart=/usr/local/bin/spasmwatch run" in unit
    assert "exec /opt/spasmwatch/current/bin/spasmwatch" in (machine.root / "usr/local/bin/spasmwatch").read_text()
    assert 'data = "/var/lib/spasmwatch"' in (machine.root / "etc" / "spasmwatch" / "spasmwatch.toml").read_text()
    assert (machine.root / "etc" / "logrotate.d" / "spasmwatch").exists()
    assert "Storage=volatile" in (machine.root / "etc/systemd/journald.conf.d/spasmwatch.conf").read_text()
    # The camera library of the system can be seen.
    assert "= true" in (machine.current / "pyvenv.cfg").read_text()
    log = machine.log.read_text()
    assert "systemctl restart spasmwatch\n" in log
    assert "python3-picamera2" in log
    # Placing and enrolling are done by hand, as this user and without systemd's rights.
    assert "usermod -aG video spasmwatch" in log
    assert "gpio spasmwatch" not in log


def test_installing_again_changes_nothing_and_builds_nothing(machine: Machine) -> None:
    machine.install()
    (machine.root / "etc" / "spasmwatch" / "spasmwatch.toml").write_text("# mine\n")
    before, release = machine.files(), machine.current
    done = machine.install()
    assert done.returncode == 0, done.stderr
    assert (machine.files(), machine.current) == (before, release)
    assert "python3 -m venv" not in machine.log.read_text()
    assert (machine.root / "etc" / "spasmwatch" / "spasmwatch.toml").read_text() == "# mine\n"


def test_an_update_can_be_taken_back(machine: Machine) -> None:
    machine.install()
    first = machine.current
    machine.change_the_source()
    assert machine.install().returncode == 0
    assert machine.current != first
    done = machine.install("--rollback")
    assert done.returncode == 0, done.stderr
    assert machine.current == first


def test_an_update_that_does_not_start_is_undone(machine: Machine) -> None:
    machine.install()
    first = machine.current
    machine.change_the_source()
    done = machine.install(BROKEN="restart spasmwatch")
    assert done.returncode == 1
    assert machine.current == first


def test_only_two_versions_are_kept(machine: Machine) -> None:
    for _ in range(4):
        machine.change_the_source()
        machine.install()
    assert len(machine.releases) == 2
    assert machine.current in machine.releases


def test_a_camera_gets_its_keys_and_waits_for_enrolment(machine: Machine, camera_folder: str) -> None:
    done = machine.install("--camera", camera_folder)
    assert done.returncode == 0, done.stderr
    assert "edge enrol" in done.stdout
    assert "restart spasmwatch-edge" not in machine.log.read_text()
    settings = machine.root / "etc" / "spasmwatch"
    assert {file.name for file in settings.iterdir()} == {
        "spasmwatch.toml", "ca.crt", "own.crt", "own.key", "mqtt_password",
    }  # fmt: skip
    assert (settings / "own.key").stat().st_mode & 0o007 == 0
    (machine.root / "var/lib/spasmwatch/enrolment").mkdir()
    (machine.root / "var/lib/spasmwatch/enrolment/patient.json").touch()
    assert "spasmwatch-edge runs" in machine.install("--camera", camera_folder).stdout


def test_a_camera_folder_that_is_not_one_is_refused_before_anything_happens(machine: Machine, tmp_path: Path) -> None:
    done = machine.install("--camera", str(tmp_path))
    assert done.returncode == 1
    assert "spasmwatch init" in done.stderr
    assert machine.files() == {"var", "var/lib"}


def test_uninstalling_keeps_data_unless_asked(machine: Machine) -> None:
    machine.install()
    (machine.root / "var/lib/spasmwatch/store.sqlite").touch()
    assert machine.install("--uninstall").returncode == 0
    left = machine.files()
    assert "var/lib/spasmwatch/store.sqlite" in left
    assert not any("opt/spasmwatch" in path or path.endswith((".service", ".timer")) for path in left)
    machine.install()
    assert machine.install("--uninstall", "--purge").returncode == 0
    assert not any("spasmwatch" in path for path in machine.files())


def test_a_wrong_option_shows_the_usage(machine: Machine) -> None:
    done = machine.install("--cam")
    assert done.returncode == 2
    assert "usage:" in done.stderr
