"""The pages as HTML and as tagged PDF."""

import logging
from base64 import b64encode
from importlib import import_module, resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.insights.report.pages import Pages

VARIANT: Final = "pdf/ua-1"
PAGES: Final = 2
SCALES: Final = (1.0, 0.9, 0.8, 0.7)
"""Sizes tried one after the other: a larger sheet is laid out and shrunk to A4."""


def html(pages: Pages) -> str:
    """One self-contained HTML document: styles and charts inside, nothing loaded from elsewhere."""
    environment = Environment(
        loader=PackageLoader("spasmwatch_services.insights.report", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["image"] = _image
    style = resources.files("spasmwatch_services.insights.report").joinpath("style.css").read_text(encoding="utf-8")
    return environment.get_template("template.html").render(pages=pages, facts=pages.facts, style=style)


def _image(chart: Chart, width: int) -> Markup:
    """A chart as an image: as elements of the page, styles are worked out for each of its lines (a third of a PDF)."""
    drawn = b64encode(chart.svg(width).encode()).decode()
    return Markup('<img alt="{}" src="data:image/svg+xml;base64,{}">').format(chart.label, drawn)


def engine() -> Any:
    """The module that makes PDF; importing it takes a second."""
    # Its steps are no news to anybody, and its warnings tell of each letter that no font has, which prints as a box.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return import_module("weasyprint")


def pdf(document: str) -> bytes:
    """Tagged PDF (PDF/UA-1) for screen readers and archives; nothing is fetched while it is made.

    What does not fit on two pages is set smaller.
    """
    make, written = engine(), b""
    inside = make.urls.URLFetcher(allowed_protocols={"data"})
    for scale in SCALES:
        sized = document.replace("</style>", f"@page {{ size: {210 / scale:.2f}mm {297 / scale:.2f}mm }}</style>", 1)
        laid_out = make.HTML(string=sized, url_fetcher=inside).render(pdf_variant=VARIANT)
        if len(laid_out.pages) == PAGES or scale == SCALES[-1]:
            written = laid_out.write_pdf(zoom=scale, pdf_variant=VARIANT)
            break
    return written
