"""The pages as HTML and as tagged PDF."""

import logging
from importlib import import_module, resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

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
    style = resources.files("spasmwatch_services.insights.report").joinpath("style.css").read_text(encoding="utf-8")
    return environment.get_template("template.html").render(pages=pages, facts=pages.facts, style=style)


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
    for scale in SCALES:
        sized = document.replace("</style>", f"@page {{ size: {210 / scale:.2f}mm {297 / scale:.2f}mm }}</style>", 1)
        laid_out = make.HTML(string=sized, url_fetcher=_refuse).render(pdf_variant=VARIANT)
        if len(laid_out.pages) == PAGES or scale == SCALES[-1]:
            written = laid_out.write_pdf(zoom=scale, pdf_variant=VARIANT)
            break
    return written


def _refuse(url: str) -> dict[str, object]:
    raise ValueError(f"the report loads nothing from outside: {url}")
