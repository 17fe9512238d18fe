"""Charts on pages: each has an address of its own, so that the page does not wait until it is drawn.

matplotlib takes a tenth of a second for a chart, on a Pi more; the page's words and tables are there at once.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from markupsafe import Markup

from spasmwatch_services.charts import Chart

WIDTHS = {"narrow": 326, "wide": 760}
ADDRESS = "/pictures/"
_KEPT = 48


@dataclass(slots=True)
class _Picture:
    """A chart to draw at a width; ``drawn`` once somebody has asked for it."""

    chart: Chart
    width: int
    drawn: str | None = None


class Pictures:
    """``place(key, chart, screen)`` is ready for a template; ``key`` holds everything the drawing depends on."""

    def __init__(self) -> None:
        # Nobody can guess an address: who knows it was shown the page.
        self._secret = secrets.token_bytes(32)
        self._pictures: OrderedDict[str, _Picture] = OrderedDict()
        self._lock = threading.Lock()
        self._drawing = threading.Lock()

    def place(self, key: object, chart: Chart, screen: str | None) -> Markup:
        """Room for the drawing on a ``narrow`` or ``wide`` screen; until that is known both: the style sheet picks."""
        if screen in WIDTHS:
            return self._one(key, chart, screen)
        return Markup('<div class="both">{}{}</div>').format(*(self._one(key, chart, size) for size in WIDTHS))

    def svg(self, name: str) -> str | None:
        """A drawing; None for a name that was never given out, or is forgotten."""
        with self._lock:
            picture = self._pictures.get(name)
        if picture is None:
            return None
        with self._drawing:  # for several phones at once it is drawn once
            if picture.drawn is None:
                picture.drawn = picture.chart.svg(picture.width)
        return picture.drawn

    def _one(self, key: object, chart: Chart, size: str) -> Markup:
        width = WIDTHS[size]
        all_of_it = f"{size}|{chart.title}|{chart.summary}|{key!r}".encode()
        name = hashlib.blake2b(all_of_it, key=self._secret, digest_size=16).hexdigest()
        with self._lock:
            self._pictures.setdefault(name, _Picture(chart, width))
            self._pictures.move_to_end(name)
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        return Markup(
            '<div class="{size}" data-picture="{address}">'
            '<svg class="chart" viewBox="0 0 {width} {height}" aria-hidden="true"></svg>'
            '<noscript><img class="chart" src="{address}" alt="{alt}"></noscript></div>'
        ).format(
            size=size,
            address=f"{ADDRESS}{name}",
            width=width,
            height=chart.height(width),
            alt=f"{chart.title}. {chart.summary}",
        )
