"""The weights in an ONNX file. Only what is needed of its format, protocol buffers, is read."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Numbers of the fields in onnx.proto: ModelProto.graph, GraphProto.initializer, TensorProto.dims, .float_data, .name.
GRAPH, INITIALIZER, DIMS, FLOATS, NAME = 7, 5, 1, 4, 8


def weights(content: bytes) -> dict[str, NDArray[np.float32]]:
    """Every weight by its name, as a view of ``content``, a file whose hash is known: a damaged one is not told."""
    found = {}
    for graph in _fields(content, 0, len(content), GRAPH):
        for tensor in _fields(content, graph.start, graph.stop, INITIALIZER):
            (name,) = _fields(content, tensor.start, tensor.stop, NAME)
            (floats,) = _fields(content, tensor.start, tensor.stop, FLOATS)
            shape = [dim.start for dim in _fields(content, tensor.start, tensor.stop, DIMS)]
            values = np.frombuffer(content, "<f4", (floats.stop - floats.start) // 4, floats.start)
            found[content[name].decode()] = values.reshape(shape)
    return found


def _fields(content: bytes, at: int, end: int, wanted: int) -> Iterator[slice]:
    """Where the fields with this number lie in a message; of a plain number, ``start`` is the number itself."""
    while at < end:
        key, at = _number(content, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _number(content, at)
            place = slice(value, value)
        else:
            length, at = _number(content, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            place = slice(at, at + length)
            at += length
        if number == wanted:
            yield place


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place after it."""
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at
