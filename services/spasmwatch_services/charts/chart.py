"""What every chart is: a title, one sentence, a table, and a way to draw itself at any width."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from spasmwatch_services.charts import svg

# matplotlib's settings are global and its text layout is not made for threads.
_drawing = threading.Lock()


@dataclass(frozen=True)
class Chart:
    """``summary`` says in one sentence what there is to see; ``rows`` holds readable cells below ``columns``.

    ``paint`` draws on an empty figure; ``height`` tells how many pixels high it wants to be at a width.
    """

    title: str
    summary: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    paint: Callable[[Figure], None]
    height: Callable[[int], int]

    @property
    def label(self) -> str:
        """What is read out in place of the picture."""
        return f"{self.title}. {self.summary}"

    def svg(self, width: int = 720) -> str:
        """An ``<svg>`` element ``width`` pixels wide that scales down with its place; text stays text.

        Colours are presentation attributes (fit for print and for a strict content policy) and carry classes
        (``fill-ink``, ``stroke-accent``, …), so that a page can recolour them for dark mode.
        """
        height = self.height(width)
        with _drawing, svg.style():
            figure = Figure(figsize=(width / 72, height / 72), dpi=72)
            self.paint(figure)
            return svg.draw(figure, name=f"{self.title}-{width}", label=self.label)
