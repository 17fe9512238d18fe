"""``[recorder]``."""

from spasmwatch.settings.section import Section


class Recorder(Section):
    """Settings of the recorder."""
