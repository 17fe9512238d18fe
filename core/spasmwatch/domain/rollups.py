"""Counts and observed time of an hour or a local day, side by side: what every rate is read from."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from spasmwatch.domain.records import Name, Part, Seconds, Time


class Rollup(Part):
    """One bucket of one person.

    ``counts`` maps ``<kind>_<side>``, ``<kind>_all``, ``all_<side>`` and ``all_all`` to numbers of spasms;
    zero counts may be left out. ``closed_s`` is the time with an eye shut by a spasm.
    """

    bucket: Literal["hour", "day"]
    home: Name
    person: Name
    start: Time
    observed_s: Seconds
    counts: dict[str, Annotated[int, Field(ge=0)]]
    closed_s: Seconds
    blinks: Annotated[int, Field(ge=0)]

    @property
    def when(self) -> datetime:
        """The start of the bucket, by which it is stored."""
        return self.start
