"""Settings: one file and the environment; every mistake is one clear line."""

import os
from pathlib import Path

import pytest

from spasmwatch.errors import SettingsError
from spasmwatch.settings import load


def write(folder: Path, text: str) -> Path:
    file = folder / "spasmwatch.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_means_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPASMWATCH_SETTINGS", raising=False)
    assert load().mqtt.host == "127.0.0.1"


def test_a_folder_that_this_user_may_not_look_into_holds_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPASMWATCH_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    root = os.geteuid() == 0
    tmp_path.chmod(0)
    if root:
        os.seteuid(65534)
    try:
        assert load().mqtt.port == 1883
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, '[mqtt]\nhost = "broker.lan"\nport = 1884\n')
    monkeypatch.setenv("SPASMWATCH_MQTT__HOST", "other.lan")
    settings = load(file)
    assert (settings.mqtt.host, settings.mqtt.port) == ("other.lan", 1884)


def test_the_file_named_in_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPASMWATCH_SETTINGS", str(write(tmp_path, '[home]\nname = "attic"\n')))
    assert load().home.name == "attic"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[mqtt]\nhots = "x"\n', r"spasmwatch.toml:2: unknown setting 'mqtt.hots'; did you mean 'host'"),
        ("[mqqt]\nport = 1\n", r"spasmwatch.toml:1: unknown setting 'mqqt'; did you mean 'mqtt'"),
        ("[mqtt]\n\nport = 99999\n", r"spasmwatch.toml:3: mqtt.port: "),
        (
            '[home]\ntimezone = "Mars/Olympus"\n',
            r"spasmwatch.toml:2: home.timezone: 'Mars/Olympus' is no IANA time zone",
        ),
        ('[home]\nname = "a/b"\n', r"spasmwatch.toml:2: home.name"),
        ("[store.influx]\nurll = 1\n", r"spasmwatch.toml:2: unknown setting 'store.influx.urll'; did you mean 'url'"),
        ("[home\n", r"not valid TOML"),
        (f"deep = {'[' * 5000}", r"not valid TOML: nested too deeply"),
        ('_env_file = "x"\n', r"unknown setting '_env_file'"),
        ('[home]\ndata = "a\\u0000b"\n', r"spasmwatch.toml:2: home.data: holds a NUL character"),
        ('[mqtt]\nhost = ""\n', r"spasmwatch.toml:2: mqtt.host: '' is no host name"),
        ('[mqtt]\nhost = "broker..lan"\n', r"mqtt.host: 'broker..lan' is no host name"),
        ("[store]\nretention_days = 99999999999\n", r"store.retention_days: "),
        ('[store.influx]\nurl = "influx"\n', r"store.influx.url: "),
    ],
)
def test_a_mistake_names_the_line_and_what_to_do(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no settings file at"):
        load(tmp_path / "absent.toml")


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n")
    settings = load(write(tmp_path, f'[mqtt]\npassword_file = "{file}"\n'))
    assert settings.mqtt.secret() == "hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SPASMWATCH_MQTT", "broker.lan", 'environment: error parsing value for field "mqtt"'),
        ("SPASMWATCH_MQTT__PORT", "many", "environment: mqtt.port: "),
    ],
)
def test_a_mistake_in_the_environment_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=complaint):
        load(write(tmp_path, ""))


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert load(write(tmp_path, '\ufeff[home]\nname = "attic"\n')).home.name == "attic"


def test_a_password_file_of_binary_junk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe\x00")
    settings = load(write(tmp_path, f'[mqtt]\npassword_file = "{tmp_path}/password"\n'))
    with pytest.raises(SettingsError, match=r"mqtt.password_file: .* is not UTF-8 text"):
        settings.mqtt.secret()
