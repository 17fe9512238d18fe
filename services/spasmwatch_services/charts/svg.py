"""matplotlib's SVG made fit for a page: no style attributes, one class for each colour role, ids of its own."""

import io
import re
from contextlib import AbstractContextManager
from xml.etree import ElementTree as ET  # only ever reads what matplotlib has just written

import matplotlib as mpl
from matplotlib.figure import Figure

COLOURS = {
    "ink": "#1d2b2a",
    "soft": "#566461",
    "grid": "#dde3e1",
    "band": "#cfdedb",
    "bar": "#9fb0ad",
    "hatch": "#b3bebc",
    "accent": "#0b5a60",
    "mark": "#7a4306",
    "alarm": "#a1252b",
    "paper": "#fffffe",
}
"""Role → colour on white; readable in black and white through shape, hatch and lightness."""

_ROLES = {colour: role for role, colour in COLOURS.items()}
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DROPPED = {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def style() -> AbstractContextManager[None]:
    """The look of all charts, as a matplotlib context."""
    context: AbstractContextManager[None] = mpl.rc_context(
        {
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 12,
            "text.color": COLOURS["ink"],
            "axes.edgecolor": COLOURS["bar"],
            "axes.facecolor": "none",
            "axes.labelcolor": COLOURS["soft"],
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "grid.color": COLOURS["grid"],
            "grid.linewidth": 0.8,
            "xtick.color": COLOURS["bar"],
            "ytick.color": COLOURS["bar"],
            "xtick.labelcolor": COLOURS["soft"],
            "ytick.labelcolor": COLOURS["soft"],
            "hatch.color": COLOURS["hatch"],
            "hatch.linewidth": 0.7,
            "figure.facecolor": "none",
            "path.simplify": True,
        }
    )
    return context


def draw(figure: Figure, *, name: str, label: str) -> str:
    """The figure as one inline ``<svg role="img">``; ``name`` keeps its ids apart from those of other charts."""
    written = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    root = ET.fromstring(written.getvalue())  # noqa: S314
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in _DROPPED]:
            parent.remove(child)
    prefix = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    for element in root.iter():
        _tidy(element, prefix)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": label, "class": "chart", "stroke-linejoin": "round"}
    # Again, since WeasyPrint takes the empty prefix for itself when it is imported.
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode")


def _tidy(element: ET.Element, prefix: str) -> None:
    attributes = element.attrib
    for name, value in _declarations(attributes.pop("style", "")):
        attributes[name] = value
    roles = [f"{name}-{_ROLES[value]}" for name in ("fill", "stroke") if (value := attributes.get(name, "")) in _ROLES]
    if roles:
        attributes["class"] = " ".join(roles)
    if element.tag == f"{{{_SVG}}}text" and "fill" not in attributes:
        attributes |= {"fill": COLOURS["ink"], "class": "fill-ink"}
    if "id" in attributes:
        attributes["id"] = f"{prefix}-{attributes['id']}"
    for name in (f"{{{_XLINK}}}href", "clip-path", "fill"):
        if "#" in attributes.get(name, "") and attributes[name] not in _ROLES:
            attributes[name] = re.sub(r"#(?=[\w-])", f"#{prefix}-", attributes[name])


def _declarations(style: str) -> list[tuple[str, str]]:
    """A style attribute as presentation attributes."""
    pairs: list[tuple[str, str]] = []
    for declaration in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            size = re.search(r"([\d.]+)px", value)
            weight = re.match(r"(\d{3}|bold)\b", value)
            pairs += [("font-size", size[1] if size else "12"), ("font-family", "system-ui, sans-serif")]
            pairs += [("font-weight", weight[1])] if weight else []
        else:
            pairs.append((name, value))
    return pairs
