"""``[insights]``."""

from spasmwatch.settings.section import Section


class Insights(Section):
    """Settings of the insights."""
