"""The pause button at the device: a push button between a GPIO pin and ground."""

import os
import tempfile
from collections.abc import Callable
from typing import Any, Final

from spasmwatch.errors import SettingsError

BOUNCE_S: Final = 0.05


class PauseButton:
    """Calls ``pressed`` at each press, from a thread of its own. Raises SettingsError where there is no such pin."""

    def __init__(self, pin: int, pressed: Callable[[], None]) -> None:
        # The library below keeps a pipe in its working folder, which is / for a service.
        os.environ.setdefault("LG_WD", tempfile.gettempdir())
        try:
            # Comes with the Pi's system packages, like picamera2.
            from gpiozero import Button
            from gpiozero.exc import GPIOZeroError
        except ImportError as error:
            raise SettingsError("camera.pause_pin needs gpiozero: sudo apt install python3-gpiozero") from error
        try:
            self._button: Any = Button(pin, pull_up=True, bounce_time=BOUNCE_S)
        except (GPIOZeroError, OSError, RuntimeError) as error:
            raise SettingsError(f"camera.pause_pin {pin}: this pin cannot be used: {error}") from error
        self._button.when_pressed = pressed

    def close(self) -> None:
        """Let go of the pin."""
        self._button.close()
