"""Charts on pages: drawn for phone and desktop, kept until their numbers change."""

import threading
from collections import OrderedDict

from markupsafe import Markup

from spasmwatch_services.charts import Chart

WIDTHS = {"narrow": 326, "wide": 760}
_KEPT = 24


class Pictures:
    """``draw(key, chart, screen)`` is ready for a template; ``key`` holds everything the drawing depends on."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[str, Markup] = OrderedDict()
        self._lock = threading.Lock()

    def draw(self, key: object, chart: Chart, screen: str | None) -> Markup:
        """The drawing for a ``narrow`` or a ``wide`` screen; until that is known both, and the style sheet picks."""
        if screen in WIDTHS:
            return self._one(key, chart, screen)
        return Markup('<div class="both">{}{}</div>').format(*(self._one(key, chart, size) for size in WIDTHS))

    def _one(self, key: object, chart: Chart, size: str) -> Markup:
        name = f"{size}|{chart.title}|{key!r}"
        with self._lock:
            if name in self._drawn:
                self._drawn.move_to_end(name)
                return self._drawn[name]
        drawing = Markup(chart.svg(WIDTHS[size]))  # noqa: S704 -- our own drawing
        drawn = Markup('<div class="{}">{}</div>').format(size, drawing)
        with self._lock:
            self._drawn[name] = drawn
            while len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        return drawn
