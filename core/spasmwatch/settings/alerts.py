"""``[alerts]``."""

from spasmwatch.settings.section import Section


class Alerts(Section):
    """Settings of the alerts."""
