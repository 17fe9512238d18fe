"""Base of all settings sections."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of ``spasmwatch.toml``: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
