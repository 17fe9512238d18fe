"""``[outbox]``: what every producer keeps on disk until the recorder's receipt."""

from typing import Annotated

from pydantic import Field

from spasmwatch.settings.section import Section


class OutboxSettings(Section):
    """``max_mb`` bounds the file; ``resend_after_s`` is how long a record waits for its receipt."""

    max_mb: Annotated[float, Field(ge=1)] = 256.0
    resend_after_s: Annotated[float, Field(ge=0.1)] = 30.0
