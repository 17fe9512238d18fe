"""``[home]``: which home this is and where it keeps its files."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from spasmwatch.domain.records import Name
from spasmwatch.settings.section import Section


def _data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "spasmwatch"


class Home(Section):
    """``name`` is a topic level; ``timezone`` an IANA name.

    ``data`` is the folder of outboxes, state and the embedded store; ``person`` the one who is watched.
    """

    name: Name = "home"
    timezone: str = "UTC"
    data: Path = Field(default_factory=_data_folder)
    person: Name = "patient"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no IANA time zone; write e.g. 'Europe/Berlin'") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone, in which days begin and quiet hours are meant."""
        return ZoneInfo(self.timezone)
