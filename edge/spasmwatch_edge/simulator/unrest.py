"""What a living head never stops doing: sway, breathing, small changes of the lids' tone."""

import math

import numpy as np

from spasmwatch_edge.simulator.pose import Channel, Pose

# Size of each channel's unrest (root mean square, in the channel's unit) for a sitting person.
UNREST: dict[Channel, float] = {
    "head_x": 0.025,
    "head_y": 0.018,
    "roll": 0.008,
    "yaw": 0.02,
    "pitch": 0.012,
    "size": 0.006,
    "brow_right": 0.015,
    "brow_left": 0.015,
}
LID_TONE = 0.02
WAVES = 5
SLOWEST, FASTEST = 0.05, 0.9  # hertz


class Unrest:
    """A smooth random function of time for each channel, the same for the same seed."""

    def __init__(self, seed: int, sway: float) -> None:
        random = np.random.default_rng([seed, 2])
        self._waves: dict[Channel, list[tuple[float, float, float]]] = {}
        for channel, size in UNREST.items():
            hertz = np.exp(random.uniform(math.log(SLOWEST), math.log(FASTEST), WAVES))
            # Slow movements are the wide ones.
            weights = random.uniform(0.5, 1.0, WAVES) / np.sqrt(hertz)
            weights *= sway * size * math.sqrt(2.0) / float(np.linalg.norm(weights))
            phases = random.uniform(0.0, 2 * math.pi, WAVES)
            self._waves[channel] = [
                (float(w), 2 * math.pi * float(f), float(p)) for w, f, p in zip(weights, hertz, phases, strict=True)
            ]
        self._tone = float(random.uniform(0.0, 2 * math.pi))

    def pose(self, pose: Pose, time: float) -> Pose:
        """``pose`` with the unrest of ``time`` added."""
        for channel, waves in self._waves.items():
            pose[channel] += sum(weight * math.sin(speed * time + phase) for weight, speed, phase in waves)
        tone = LID_TONE * (1.0 + math.sin(0.4 * time + self._tone))
        pose["lid_right"] += tone
        pose["lid_left"] += tone
        return pose
