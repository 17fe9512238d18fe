"""The contents of a store that is a server, as files of a backup and back. (The embedded store is a file itself.)"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from spasmwatch.adapters.record_files import read_records
from spasmwatch.domain.records import MODELS, Record
from spasmwatch.domain.rollups import Rollup
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import Bucket, Store
from spasmwatch.settings import Settings

RECORDS, ROLLUPS = "records.jsonl", "rollups.jsonl"
_START, _END = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_BATCH: Final = 2000
_BUCKETS: Final[tuple[Bucket, ...]] = ("hour", "day")


def dump(store: Store, settings: Settings, folder: Path) -> None:
    """Write ``records.jsonl`` (every revision of the diary, too) and ``rollups.jsonl`` into ``folder``."""
    persons = {settings.home.person}
    with (folder / RECORDS).open("wb") as file:
        for what in MODELS:
            for record in store.everything(what):
                persons.add(record.person)
                file.write(record.payload() + b"\n")
    # Roll-ups outlive the raw records they came from, so they cannot simply be worked out again.
    with (folder / ROLLUPS).open("w", encoding="utf-8") as file:
        file.writelines(rollup.model_dump_json() + "\n" for rollup in _rollups(store, settings, sorted(persons)))


def _rollups(store: Store, settings: Settings, persons: Iterable[str]) -> Iterator[Rollup]:
    for person in persons:
        for bucket in _BUCKETS:
            for rate in store.rates(person, _START, _END, bucket, settings.home.timezone):
                yield Rollup(
                    bucket=bucket,
                    home=settings.home.name,
                    person=person,
                    start=rate.start,
                    observed_s=rate.observed_s,
                    counts=rate.counts,
                    closed_s=rate.closed_s,
                    blinks=rate.blinks,
                )


def load(store: Store, folder: Path) -> None:
    """Write what :func:`dump` wrote into ``store``; again does no harm."""
    _write(store, read_records(folder / RECORDS))
    _write(store, _read_rollups(folder / ROLLUPS))


def _write(store: Store, items: Iterator[Record | Rollup]) -> None:
    while batch := list(islice(items, _BATCH)):
        store.write(batch)


def _read_rollups(file: Path) -> Iterator[Rollup]:
    with file.open("rb") as lines:
        for line in lines:
            try:
                yield Rollup.model_validate_json(line)
            except ValidationError as error:
                raise SpasmWatchError(f"{file.name} in the backup holds a line that is no roll-up") from error
