"""``[mqtt]``: the broker."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from spasmwatch.errors import SettingsError
from spasmwatch.settings.section import Section


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

    def secret(self) -> str | None:
        """The password. Raises SettingsError when its file cannot be read."""
        if self.password is not None:
            return self.password.get_secret_value()
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"mqtt.password_file: cannot read {self.password_file}: {error.strerror}") from error
