"""``[insights]``: the daily findings and the report for the doctor."""

from typing import Annotated

from pydantic import Field

from spasmwatch.domain.records import ShortText
from spasmwatch.settings.section import Section


class Insights(Section):
    """``days`` is how far back triggers are judged, ``hour`` the local hour at which findings are published.

    ``name`` and ``diagnosis`` stand at the head of the report: the person as the clinic knows them, and the doctor's
    own diagnosis and side, e.g. "hemifacial spasm, left"; SpasmWatch itself makes none.
    """

    days: Annotated[int, Field(ge=14, le=730)] = 180
    hour: Annotated[int, Field(ge=0, le=23)] = 5
    name: ShortText | None = None
    diagnosis: ShortText | None = None
