"""What the camera makes of the scene: light, sharpness, sensor noise, infrared."""

from dataclasses import dataclass

import cv2
import numpy as np

from spasmwatch_edge.simulator.portrait import Picture

NOISE_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Exposure:
    """``brightness`` 1 is the photograph's own, 0.1 a dark room; ``noise`` is the standard deviation of the sensor's
    noise (0–255); ``blur`` a Gaussian's in pixels; ``infrared`` gives a monochrome picture; ``side_light`` -1 to 1
    makes the picture's right or left half darker. ``jpeg`` is the quality at which the camera compresses (None: not).
    """

    brightness: float = 1.0
    noise: float = 2.5
    blur: float = 0.0
    infrared: bool = False
    side_light: float = 0.0
    jpeg: int | None = None


class Camera:
    """Turns clean frames into those of a sensor; seeded."""

    def __init__(self, exposure: Exposure, width: int, height: int, seed: int) -> None:
        self._exposure = exposure
        self._random = np.random.default_rng([seed, 3])
        self._noise = [self._noise_frame(width, height) for _ in range(NOISE_FRAMES)] if exposure.noise > 0 else []
        self._shade = self._shading(width, height) if exposure.side_light else None

    def expose(self, frame: Picture, light: float) -> Picture:
        """The frame as the sensor gives it; ``light`` is the change of light at this moment (-0.5: half)."""
        exposure = self._exposure
        if self._shade is not None:
            frame = np.asarray(cv2.multiply(frame, self._shade, dtype=cv2.CV_8U), np.uint8)
        brightness = exposure.brightness * max(0.0, 1.0 + light)
        if brightness != 1.0:
            table = np.clip(np.arange(256) * brightness, 0, 255).astype(np.uint8)
            frame = np.asarray(cv2.LUT(frame, table), np.uint8)
        if exposure.infrared:
            frame = np.asarray(cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
        if exposure.blur > 0:
            frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), exposure.blur), np.uint8)
        if self._noise:
            noise = self._noise[int(self._random.integers(NOISE_FRAMES))]
            flip = int(self._random.integers(4))
            noise = noise[:: -1 if flip & 1 else 1, :: -1 if flip & 2 else 1]
            frame = np.asarray(cv2.addWeighted(frame, 1.0, noise, 1.0, -128.0), np.uint8)
        return frame if exposure.jpeg is None else _compressed(frame, exposure.jpeg)

    def _noise_frame(self, width: int, height: int) -> Picture:
        """Noise around 128: mostly in brightness, a third of it in colour."""
        sigma = self._exposure.noise
        common = self._random.standard_normal((height, width, 1), np.float32)
        coloured = self._random.standard_normal((height, width, 3), np.float32)
        if self._exposure.infrared:
            coloured = np.zeros_like(coloured)
        noise = 128.0 + sigma * (0.9 * common + 0.45 * coloured)
        return np.clip(np.rint(noise), 0, 255).astype(np.uint8)

    def _shading(self, width: int, height: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        across = np.linspace(-1.0, 1.0, width, dtype=np.float32)
        gain = np.clip(1.0 + 0.6 * self._exposure.side_light * across, 0.3, 1.3)
        return np.ascontiguousarray(np.broadcast_to(gain[None, :, None], (height, width, 3)).astype(np.float32))


def _compressed(frame: Picture, quality: int) -> Picture:
    _, packed = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
