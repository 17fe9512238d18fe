"""Components a test needs from the system, and models."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from spasmwatch_edge.model_file import ModelFile, model_path


def require(program: str) -> str:
    """Path of a system program. Without it the test is left out, saying so; in CI that is a failure."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        _leave_out(f"{program} is not installed (make test-system installs it on Debian)")
    return path


def require_model(model: ModelFile) -> Path:
    """Path of a model. Without it the test is left out, saying so; in CI that is a failure."""
    path = model_path(model)
    if not path.exists():
        _leave_out(f"the {model.title} is not fetched (spasmwatch models fetch --all)")
    return path


def _leave_out(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
