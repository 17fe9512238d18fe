"""``[diary]``."""

from spasmwatch.settings.section import Section


class DiarySettings(Section):
    """Settings of the diary."""
