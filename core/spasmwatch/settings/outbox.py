"""``[outbox]``: what every producer keeps on disk until the recorder's receipt."""

from typing import Annotated

from pydantic import Field

from spasmwatch.settings.section import Section


class OutboxSettings(Section):
    """``max_mb`` bounds what waits: beyond it the oldest health records go first, then observations.

    A record without a receipt is sent again after ``resend_after_s``, and ever more rarely while nobody answers.
    For ``clock_wait_s`` after a boot, records made before the clock was set are held back, to be corrected; later they
    go out as they are, marked ``clock_ok`` false and kept out of all rates.
    """

    max_mb: Annotated[float, Field(gt=0)] = 256.0
    resend_after_s: Annotated[float, Field(ge=0.1, le=3600)] = 30.0
    clock_wait_s: Annotated[float, Field(ge=0, le=86400)] = 300.0
