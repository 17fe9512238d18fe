"""Components a test needs from the system."""

import os
import shutil

import pytest


def require(program: str) -> str:
    """Path of a system program. Without it the test is left out, saying so; in CI that is a failure."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        reason = f"{program} is not installed (make test-system installs it on Debian)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
