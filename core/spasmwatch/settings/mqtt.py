"""``[mqtt]``: the broker."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from spasmwatch.settings.section import Section, read_secret

RUNNING_BROKER = Path("broker/running.json")
"""Below ``home.data``: where the embedded broker of a running home is, and the account of commands given by hand."""


class Mqtt(Section):
    """``ca_file`` turns TLS on; the password comes from ``password_file`` or the environment, never from git."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    base: Annotated[str, Field(pattern=r"^[^+#/\s]+(/[^+#/\s]+)*$")] = "spasmwatch"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    @field_validator("host")
    @classmethod
    def _can_be_looked_up(cls, host: str) -> str:
        try:
            encoded = host.encode("idna")
        except UnicodeError:
            encoded = b""
        if not encoded or any(character.isspace() for character in host):
            raise ValueError(f"{host!r} is no host name or address; write e.g. 'broker.lan' or '192.168.1.10'")
        return host

    def secret(self) -> str | None:
        """The password. Raises SettingsError when its file cannot be read."""
        if self.password is not None:
            return self.password.get_secret_value()
        return None if self.password_file is None else read_secret(self.password_file, "mqtt.password_file")
