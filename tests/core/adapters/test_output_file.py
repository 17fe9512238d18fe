"""A file that a command writes: whole or not at all, and never in place of something that is no plain file."""

import os
import stat
from pathlib import Path

import pytest

from spasmwatch.adapters.output_file import writing
from spasmwatch.errors import SpasmWatchError


def write(target: Path, content: bytes = b"new", *, private: bool = False) -> None:
    with writing(target, private=private) as file:
        file.write(content)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    file = tmp_path / "report.pdf"
    file.write_bytes(b"of last month")
    return file


def test_a_file_is_replaced_and_nothing_lies_beside_it(target: Path) -> None:
    write(target)
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_what_fails_half_way_leaves_the_old_file(target: Path) -> None:
    def interrupted() -> None:
        with writing(target) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == b"of last month"
    assert list(target.parent.iterdir()) == [target]


def test_a_replaced_file_keeps_its_mode_a_private_one_is_the_owner_s(target: Path) -> None:
    target.chmod(0o640)
    write(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    write(target, private=True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(pipe)
        assert os.read(reader, 100) == b"new"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_device_is_written_into_and_stays() -> None:
    ours, theirs = os.openpty()
    device = Path(os.ttyname(theirs))
    try:
        write(device)
        assert os.read(ours, 100) == b"new"
        assert stat.S_ISCHR(device.lstat().st_mode)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_link_stays_a_link(target: Path) -> None:
    link = target.with_name("link")
    link.symlink_to(target)
    write(link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["nowhere/report.pdf", "folder", "report.pdf/below"])
def test_what_cannot_be_written_is_named(target: Path, name: str) -> None:
    (target.parent / "folder").mkdir()
    with pytest.raises(SpasmWatchError, match=f"cannot write .*{name}: "):
        write(target.parent / name)
    assert target.read_bytes() == b"of last month"
