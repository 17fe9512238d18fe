"""``[store]``: where records are kept."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from spasmwatch.errors import SettingsError
from spasmwatch.settings.section import Section, read_secret


class Influx(Section):
    """``[store.influx]``: InfluxDB 2.x (or 1.8) through its v2 write and v1 query addresses.

    Diary texts go to ``diary_bucket``, which dashboard viewers get no access to.
    """

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")] = "http://127.0.0.1:8086"
    organization: str = "spasmwatch"
    bucket: str = "spasmwatch"
    diary_bucket: str = "spasmwatch_diary"
    token: SecretStr | None = None
    token_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0

    def secret(self) -> str:
        """The token. Raises SettingsError when there is none or its file cannot be read."""
        if self.token is not None:
            return self.token.get_secret_value()
        if self.token_file is None:
            raise SettingsError("store.influx: give token_file, or SPASMWATCH_STORE__INFLUX__TOKEN in the environment")
        return read_secret(self.token_file, "store.influx.token_file")


class StoreSettings(Section):
    """``kind`` ``sqlite`` is the embedded store in ``home.data``; ``influx`` the production one."""

    kind: Literal["sqlite", "influx"] = "sqlite"
    retention_days: Annotated[int, Field(ge=7, le=36_500)] | None = None
    influx: Influx = Influx()
