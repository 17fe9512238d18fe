"""One TensorFlow Lite network on LiteRT."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Network:
    """Runs on one thread; outputs by name."""

    def __init__(self, content: bytes) -> None:
        """``content`` is a TensorFlow Lite file with one input."""
        from ai_edge_litert.interpreter import Interpreter

        with _quiet_stderr():
            self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {detail["name"]: detail["index"] for detail in self._interpreter.get_output_details()}

    def run(self, picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The outputs for one picture (height, width, 3)."""
        self._interpreter.set_tensor(self._input, picture[np.newaxis])
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(index) for name, index in self._outputs.items()}


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """LiteRT prints an INFO line for each network on the raw standard error; keep ours readable."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
