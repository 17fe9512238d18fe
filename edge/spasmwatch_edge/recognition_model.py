"""SFace, the model that describes a face, made small: weights of 8 bits, run by LiteRT.

OpenCV's FaceRecognizerSF keeps every weight twice as 32 bits, which takes 104 MB; this takes some 30. Its descriptions
have a cosine above .999 with those of FaceRecognizerSF (eight portraits, 22 to 214 pixels between the eyes).
Zhong et al. (2021), SFace, https://doi.org/10.1109/TIP.2020.3048632; a MobileNet of 27 convolutions.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spasmwatch_edge.onnx_weights import weights

SIZE = 112
"""Side of the square picture that the model describes."""
LAYERS = 14
HALVING = (3, 5, 7, 13)
"""Layers whose result has half the width and height."""
# Of the batch normalisations: within the layers, and around the last weights.
EPSILON, LAST_EPSILON = 1e-3, 2e-5

# What the model is made of, with the version of each operation that knows 8-bit weights with many scales.
OPERATIONS = {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 1, "PRELU": 1, "PAD": 1, "FULLY_CONNECTED": 9}

Floats = NDArray[np.float32]


def small_model(content: bytes) -> "SmallModel":
    """The model in the ONNX file ``content``, which is no longer needed then.

    Its input is a picture (112, 112, 3), RGB, of −1…1; its only output has 128 numbers. The batch
    normalisations are part of the weights; weights of 8 bits have a scale of their own for each output channel.
    """
    known = weights(content)
    model = SmallModel()
    model.convolve(*_folded(known, "conv_1"), known["conv_1_relu_gamma"])
    for number in range(2, LAYERS + 1):
        for name in (f"conv_{number}_dw", f"conv_{number}"):
            halving = name.endswith("_dw") and number in HALVING
            model.convolve(*_folded(known, name), known[f"{name}_relu_gamma"], halving=halving)
    model.connect(*_last(known))
    return model


def _normalisation(known: dict[str, Floats], name: str, epsilon: float) -> tuple[Floats, Floats]:
    """Factor and offset of each channel."""
    factor = known[f"{name}_gamma"] / np.sqrt(known[f"{name}_moving_var"] + np.float32(epsilon))
    return factor, known[f"{name}_beta"] - known[f"{name}_moving_mean"] * factor


def _folded(known: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    """Weights (out, in, height, width) and offsets of a convolution with its normalisation."""
    factor, offset = _normalisation(known, f"{name}_batchnorm", EPSILON)
    return known[f"{name}_conv2d_weight"] * factor.reshape(-1, 1, 1, 1), offset


def _last(known: dict[str, Floats]) -> tuple[Iterator[Floats], Floats]:
    """Weights (height × width × channels) of each of 128 numbers, one by one as they are large, and their offsets."""
    before, offset_before = _normalisation(known, "bn1", LAST_EPSILON)
    after, offset_after = _normalisation(known, "fc1", LAST_EPSILON)
    stacked = known["pre_fc1_weight"].reshape(len(after), len(before), -1)
    offset = (known["pre_fc1_bias"] + stacked.sum(axis=2) @ offset_before) * after + offset_after
    # ONNX counts channel by channel, TensorFlow Lite place by place.
    rows = ((row * before[:, np.newaxis] * factor).T.ravel() for row, factor in zip(stacked, after, strict=True))
    return rows, offset


class SmallModel:
    """A TensorFlow Lite model in the making: a chain of layers."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema: Any = schema
        self._buffers: list[Any] = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._side, self._channels = SIZE, 3
        self._result = self._tensor([1, SIZE, SIZE, 3], schema.TensorType.FLOAT32)

    def convolve(self, weight: Floats, offset: Floats, slopes: Floats, *, halving: bool = False) -> None:
        """A convolution of all channels, or of each apart where it has one weight only, and what bends its result."""
        apart = weight.shape[1] == 1
        options = self._schema.DepthwiseConv2DOptionsT() if apart else self._schema.Conv2DOptionsT()
        options.strideW = options.strideH = 2 if halving else 1
        options.dilationWFactor = options.dilationHFactor = 1
        options.padding = self._schema.Padding.VALID if halving else self._schema.Padding.SAME
        if halving:
            self._pad()
            self._side //= 2
        self._channels = len(weight)
        shape = [1, self._side, self._side, self._channels]
        if apart:
            options.depthMultiplier = 1
            # Few, and their errors would add up: these stay as they are.
            inputs = [self._constant(weight.transpose(1, 2, 3, 0)), self._constant(offset)]
            self._add("DEPTHWISE_CONV_2D", inputs, shape, options)
        else:
            inputs = [self._eight_bits(weight.transpose(0, 2, 3, 1)), self._constant(offset)]
            self._add("CONV_2D", inputs, shape, options)
        self._add("PRELU", [self._constant(slopes.reshape(1, 1, -1))], shape)

    def connect(self, rows: Iterator[Floats], offset: Floats) -> None:
        """Everything with everything; the result is the model's output."""
        inputs = [self._eight_bits(rows), self._constant(offset)]
        self._add("FULLY_CONNECTED", inputs, [1, len(offset)], self._schema.FullyConnectedOptionsT())

    def packed(self) -> bytes:
        """The TensorFlow Lite file."""
        import flatbuffers

        graph, model = self._schema.SubGraphT(), self._schema.ModelT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = [0], [self._result]
        model.version, model.buffers, model.subgraphs = 3, self._buffers, [graph]
        model.operatorCodes = [self._code(name) for name in OPERATIONS]
        builder = flatbuffers.Builder(sum(len(buffer.data) for buffer in self._buffers[1:]))
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _pad(self) -> None:
        # TensorFlow Lite would pad an even side at its end only, the model was trained with both.
        ends = self._constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], dtype=np.int32))
        side = self._side + 2
        self._add("PAD", [ends], [1, side, side, self._channels], self._schema.PadOptionsT())

    def _add(self, name: str, inputs: list[int], shape: list[int], options: Any = None) -> None:
        """One operation on the last result."""
        operator = self._schema.OperatorT()
        operator.opcodeIndex = list(OPERATIONS).index(name)
        operator.inputs = [self._result, *inputs]
        self._result = self._tensor(shape, self._schema.TensorType.FLOAT32)
        operator.outputs = [self._result]
        if options is not None:
            operator.builtinOptions = options
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, kind)
        self._operators.append(operator)

    def _code(self, name: str) -> Any:
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self._schema.BuiltinOperator, name)
        code.version = OPERATIONS[name]
        return code

    def _eight_bits(self, weight: Iterable[Floats]) -> int:
        """A weight as whole numbers −127…127, with a scale for each of its first dimension."""
        whole, scales = [], []
        for part in weight:
            scale = np.abs(part).max() / np.float32(127)
            whole.append(np.rint(part / scale).astype(np.int8))
            scales.append(scale)
        quantised = self._schema.QuantizationParametersT()
        quantised.scale, quantised.zeroPoint = np.array(scales), np.zeros(len(scales), np.int64)
        index = self._constant(np.stack(whole))
        self._tensors[index].quantization = quantised
        return index

    def _constant(self, values: NDArray[Any]) -> int:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._buffers.append(buffer)
        kind = getattr(self._schema.TensorType, values.dtype.name.upper())
        return self._tensor(list(values.shape), kind, len(self._buffers) - 1)

    def _tensor(self, shape: list[int], kind: int, buffer: int = 0) -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = f"t{len(self._tensors)}", shape, kind, buffer
        self._tensors.append(tensor)
        return len(self._tensors) - 1
