"""docs/triggers.md names every key and preset, and its examples work."""

import re
import tomllib
from pathlib import Path

import pytest

from spasmwatch.domain.triggers.presets import PRESETS
from spasmwatch.domain.triggers.rules import Rule
from spasmwatch.domain.triggers.thinning import Thinning
from spasmwatch.settings import Settings
from spasmwatch.settings.triggers import Button, HomeAssistantButton, Reading, Sources

PAGE = (Path(__file__).parents[3] / "docs/triggers.md").read_text(encoding="utf-8")
KEYS = {key for model in (Rule, Thinning, Button, Reading, Sources, HomeAssistantButton) for key in model.model_fields}


@pytest.mark.parametrize("name", sorted(KEYS | PRESETS.keys()))
def test_every_key_and_preset_is_explained(name: str) -> None:
    assert re.search(rf"[`\s]{name}[`\s,]", PAGE), name


def test_every_example_is_valid_settings() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) >= 5
    for example in examples:
        table = tomllib.loads("\n".join(line.removeprefix("   ") for line in example.splitlines()))
        Settings.model_validate(table)
