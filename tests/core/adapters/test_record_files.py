"""RECORDS.jsonl as it comes from an export, from another program or from a torn disk."""

import logging
import os
from pathlib import Path

import pytest

from spasmwatch.adapters.record_files import Part, Tally, cut, in_parts, read_part, read_records
from spasmwatch.domain.parsing import MAX_PAYLOAD_BYTES
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


def test_the_largest_record_is_read_whatever_ends_its_line(tmp_path: Path) -> None:
    payload = make.stamped(make.observation()).payload()
    payload = payload[:-1] + b" " * (MAX_PAYLOAD_BYTES - len(payload)) + b"}"
    path = lines(tmp_path / "r.jsonl", payload, payload + b"\r", payload[:-1] + b" }")
    tally = Tally()
    assert len(list(read_part(Part(path), tally))) == 2
    assert (tally.lines, tally.bad, tally.first[0]) == (3, 1, 3)


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


@pytest.mark.parametrize("number", range(1, 9))
def test_a_file_cut_into_parts_holds_the_same_lines(
    tmp_path: Path, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    written = [make.stamped(make.observation()) for _ in range(5)]
    payloads = [record.payload() for record in written]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join([b"", *payloads[:3], b"x", b"", *payloads[3:], b"an end without an end of line"]))
    parts = cut(path, number, 0)
    tallies = [Tally() for _ in parts]
    read = [record for part, tally in zip(parts, tallies, strict=True) for record in read_part(part, tally)]
    assert read == written
    with caplog.at_level(logging.WARNING):
        assert list(in_parts(path, zip(parts, tallies, strict=True))) == parts
        said = list(caplog.messages)
        caplog.clear()
        list(read_records(path))
    assert caplog.messages == said
    assert said[0].startswith(f"{path}:5: ")


def test_lines_that_begin_at_a_cut_are_read_once(tmp_path: Path) -> None:
    payload = make.stamped(make.observation()).payload()
    path = lines(tmp_path / "r.jsonl", *[payload] * 4)
    length = len(payload) + 1
    assert [(part.begin, part.end) for part in cut(path, 4, 0)] == [
        (0, length), (length, 2 * length), (2 * length, 3 * length), (3 * length, None),
    ]  # fmt: skip


def test_what_is_small_or_no_file_stays_whole(tmp_path: Path) -> None:
    pipe, missing = tmp_path / "pipe", tmp_path / "nothing.jsonl"
    os.mkfifo(pipe)
    small = lines(tmp_path / "r.jsonl", b"1", b"2")
    for path in (pipe, missing, small):
        assert cut(path, 4, 100) == [Part(path)]
    assert len(cut(small, 4, 4)) == 2
