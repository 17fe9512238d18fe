"""``[camera]``."""

from spasmwatch.settings.section import Section


class Camera(Section):
    """Settings of the camera."""
