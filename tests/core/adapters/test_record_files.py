"""RECORDS.jsonl as it comes from an export, from another program or from a torn disk."""

import logging
from pathlib import Path

import pytest

from spasmwatch.adapters.record_files import read_records
from spasmwatch.errors import RecordError
from support import make


def lines(path: Path, *content: bytes) -> Path:
    path.write_bytes(b"\n".join(content) + b"\n")
    return path


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    written = [make.stamped(make.observation()), make.stamped(make.spasm())]
    path = lines(tmp_path / "r.jsonl", *(record.payload() for record in written))
    assert list(read_records(path)) == written


def test_bad_lines_are_skipped_counted_and_named_once_with_their_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = make.stamped(make.observation()).payload()
    path = lines(tmp_path / "r.jsonl", good, b"", b"{torn", b'{"schema": "cat/1.0"}', good)
    with caplog.at_level(logging.WARNING):
        assert len(list(read_records(path))) == 2
    assert "r.jsonl:3: payload is not JSON" in caplog.messages[0]
    assert "2 of 4 lines" in caplog.messages[1]


def test_the_caller_may_keep_every_bad_line(tmp_path: Path) -> None:
    told: list[int] = []
    good = make.stamped(make.observation()).payload()
    path = lines(tmp_path / "r.jsonl", b"\xff\xfe", good, b"[]")
    list(read_records(path, lambda number, _reason: told.append(number)))
    assert told == [1, 3]


def test_a_file_without_a_single_record_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no line is a record; .*r\.jsonl:1: payload is not JSON"):
        list(read_records(lines(tmp_path / "r.jsonl", b"hello", b"world")))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"cannot read .*nothing\.jsonl: No such file"):
        list(read_records(tmp_path / "nothing.jsonl"))


def test_an_empty_file_holds_no_records(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    assert list(read_records(path)) == []
