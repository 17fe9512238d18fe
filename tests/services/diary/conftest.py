from collections.abc import Iterator
from pathlib import Path

import pytest

from support.diary_house import TestHome, diary_house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[TestHome]:
    """The diary in memory, in which nobody has an account yet."""
    with diary_house(tmp_path) as built:
        yield built
