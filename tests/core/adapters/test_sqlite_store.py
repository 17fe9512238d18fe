"""What only the embedded store meets: a full disk, a file that is none of ours."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.errors import StoreError
from support import make


def _opened(path: Path) -> SqliteStore:
    return SqliteStore(path, home="home", timezone="UTC")


def test_a_full_disk_is_named_and_nothing_of_the_batch_is_kept(tmp_path: Path) -> None:
    minutes = [make.stamped(make.observation(make.START + timedelta(minutes=number))) for number in range(2000)]
    with closing(_opened(tmp_path / "store.sqlite")) as store:
        with store._base() as base:
            assert base is not None
            # As large as it is now: SQLite then says and does the same as on a full disk.
            base.execute(f"PRAGMA max_page_count = {base.execute('PRAGMA page_count').fetchone()[0] + 5}")
        with pytest.raises(StoreError, match=r"store\.sqlite: database or disk is full; make room"):
            store.write(minutes)
        assert store.counts() == {}
        with store._base() as base:
            assert base is not None
            base.execute("PRAGMA max_page_count = 100000")
        store.write(minutes)
        assert store.counts() == {"observation": 2000}


def test_a_file_that_is_no_store_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"these are no records" * 500)
    with pytest.raises(StoreError, match=r"store\.sqlite: file is not a database; bring back a backup"):
        _opened(path)


def test_a_folder_in_its_place_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"store\.sqlite: unable to open database file; it must be a file"):
        _opened(tmp_path / "store.sqlite")
