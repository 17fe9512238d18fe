"""``[recorder]``: from the broker into the store."""

from typing import Annotated

from pydantic import Field

from spasmwatch.domain.records import Name
from spasmwatch.settings.section import Section


class Recorder(Section):
    """How records are gathered, and how the recorder tells how it is doing.

    ``node`` names this recorder. ``share`` is a group name: recorders of one group divide the records among them
    (give each its own ``node``). A batch is written when it holds ``batch_records``, is ``batch_s`` old or nothing has
    come for ``idle_s``. A number in a producer's series that is missing for ``gap_after_s`` is a fault.
    ``dead_letters_mb`` bounds the dead-letter file; beyond twice that the oldest letters go.
    ``metrics_port`` opens a page for Prometheus on ``metrics_host``.
    """

    node: Name = "recorder"
    share: Name | None = None
    batch_records: Annotated[int, Field(ge=1, le=10_000)] = 2000
    batch_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    idle_s: Annotated[float, Field(gt=0, le=10)] = 0.02
    gap_after_s: Annotated[float, Field(ge=1, le=86400 * 30)] = 900.0
    health_every_s: Annotated[float, Field(ge=1, le=3600)] = 60.0
    dead_letters_mb: Annotated[float, Field(gt=0)] = 16.0
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    metrics_host: str = "127.0.0.1"
