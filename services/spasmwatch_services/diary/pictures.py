"""Charts on pages: drawn for phone and desktop, kept until their numbers change."""

import threading
from collections import OrderedDict

from markupsafe import Markup

from spasmwatch_services.charts import Chart

NARROW, WIDE = 326, 760
_KEPT = 24


class Pictures:
    """``both(key, chart)`` is ready for a template; ``key`` holds everything the drawing depends on."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[str, Markup] = OrderedDict()
        self._lock = threading.Lock()

    def both(self, key: object, chart: Chart) -> Markup:
        """The drawing for narrow and for wide screens; the style sheet shows one of them."""
        name = f"{chart.title}|{key!r}"
        with self._lock:
            if name in self._drawn:
                self._drawn.move_to_end(name)
                return self._drawn[name]
        drawn = Markup("").join(
            Markup('<div class="{}">{}</div>').format(size, Markup(chart.svg(width)))  # noqa: S704 -- our own drawing
            for size, width in (("narrow", NARROW), ("wide", WIDE))
        )
        with self._lock:
            self._drawn[name] = drawn
            while len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        return drawn
