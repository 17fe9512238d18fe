"""Base of all settings sections, and how a secret is read from its file."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from spasmwatch.errors import SettingsError


class Section(BaseModel):
    """One table of ``spasmwatch.toml``: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        # No system call takes it in a path or a host name.
        if isinstance(value, str | Path) and "\0" in str(value):
            raise ValueError("holds a NUL character")
        return value


def read_secret(file: Path, setting: str) -> str:
    """The one-line secret in ``file``, which ``setting`` names. Raises SettingsError when it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{setting}: {file} is not UTF-8 text; put the bare secret there") from error
