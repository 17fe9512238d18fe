"""``[advice]``: the fixed advice texts of a clinic in place of ours."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from spasmwatch.domain.advice import Advice
from spasmwatch.domain.parsing import explain
from spasmwatch.errors import SettingsError
from spasmwatch.settings.section import Section


class AdviceSettings(Section):
    """``file`` is a TOML file: ``reviewed_by``, ``[texts]`` by tier, ``[symptoms]`` symptom to tier, ``[names]``."""

    file: Path | None = None

    def read(self) -> Advice:
        """The texts in force. Raises SettingsError when the file cannot be used."""
        if self.file is None:
            return Advice()
        try:
            return Advice.model_validate(tomllib.loads(self.file.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsError(f"advice.file: cannot read {self.file}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"advice.file: {self.file} is not valid TOML: {error}") from error
        except ValidationError as error:
            raise SettingsError(f"advice.file: {self.file}: {explain(error)}") from error
