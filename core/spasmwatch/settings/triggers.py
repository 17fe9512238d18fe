"""``[triggers]``."""

from spasmwatch.settings.section import Section


class Triggers(Section):
    """Settings of the triggers."""
