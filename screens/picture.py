"""A dashboard's body as a picture, as CloudWatch would show it with these values."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape

from screens.samples import FIRST_HOUR, IN_ALARM, POINTS, Series, series

COLUMN = 50
ROW = 32
GAP = 4
WIDTH = 24 * COLUMN
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 34, 58
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22")
RED, GREEN, GREY, FRAME = "#d62728", "#2ca02c", "#687078", "#d5dbdb"
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def picture(body: Mapping[str, Any]) -> str:
    """The body as SVG, complete in itself."""
    widgets: Sequence[Mapping[str, Any]] = body["widgets"]
    height = ROW * max(widget["y"] + widget["height"] for widget in widgets)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
            'font-size="11" fill="#16191f">',
            f'<rect width="{WIDTH}" height="{height}" fill="#f2f3f3"/>',
            *(line for widget in widgets for line in _widget(widget)),
            "</svg>\n",
        ]
    )


def _widget(widget: Mapping[str, Any]) -> Iterator[str]:
    width, height = widget["width"] * COLUMN - GAP, widget["height"] * ROW - GAP
    yield f'<g transform="translate({widget["x"] * COLUMN},{widget["y"] * ROW})">'
    draw = {"text": _text, "alarm": _alarms, "metric": _graph}[widget["type"]]
    yield from draw(widget["properties"], width, height)
    yield "</g>"


def _frame(title: str, width: int, height: int) -> Iterator[str]:
    yield f'<rect width="{width}" height="{height}" rx="3" fill="#fff" stroke="{FRAME}"/>'
    yield _label(10, 20, title, 'font-size="13" font-weight="bold"')


def _label(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(text)}</text>'


def _text(properties: Mapping[str, Any], width: int, _height: int) -> Iterator[str]:
    title, _, rest = properties["markdown"].partition("\n")
    yield _label(10, 24, title.lstrip("# "), 'font-size="18" font-weight="bold"')
    for number, line in enumerate(wrap(rest.replace("`", ""), width // 6)):
        yield _label(10, 42 + 14 * number, line)


def _alarms(properties: Mapping[str, Any], width: int, height: int) -> Iterator[str]:
    yield from _frame(properties["title"], width, height)
    names = [arn.rsplit(":", 1)[1] for arn in properties["alarms"]]
    names.sort(key=lambda name: not name.endswith(IN_ALARM))
    for number, name in enumerate(names):
        x, y = 10 + number % 6 * (width / 6), 40 + number // 6 * ROW
        colour = RED if name.endswith(IN_ALARM) else GREEN
        yield f'<circle cx="{x + 5:g}" cy="{y - 4:g}" r="5" fill="{colour}"/>'
        yield _label(x + 15, y, shorten(name, int(width / 46)))


def _graph(properties: Mapping[str, Any], width: int, height: int) -> Iterator[str]:
    yield from _frame(properties["title"], width, height)
    lines = series(properties)
    levels = properties.get("annotations", {}).get("horizontal", [])
    has_right = any(line.right for line in lines)
    plot = (LEFT, TOP, width - (LEFT if has_right else RIGHT), height - BOTTOM)
    left = _top([*_highest(line for line in lines if not line.right), *(level["value"] for level in levels)])
    right = _top(_highest(line for line in lines if line.right))
    yield from _axes(plot, left, right if has_right else None)
    for number, line in enumerate(lines):
        yield _path(line, plot, right if line.right else left, COLOURS[number % len(COLOURS)], properties["stacked"])
    for number, level in enumerate(levels):
        y = _y(level["value"], plot, left)
        yield f'<path d="M{plot[0]} {y:.1f}H{plot[2]}" stroke="{RED}" stroke-dasharray="4 3"/>'
        yield _label(plot[0] + 4 + 110 * number, y - 3, level["label"], f'fill="{RED}" font-size="10"')
    yield from _legend(lines, width, height)


def _highest(lines: Iterable[Series]) -> list[float]:
    return [max(line.values) for line in lines]


def _top(values: Sequence[float]) -> float:
    """The next round number above all of them."""
    highest = max(values, default=0) * 1.05
    if not highest:
        return 1
    step = 10 ** math.floor(math.log10(highest))
    return next(step * factor for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * factor >= highest)


def _y(value: float, plot: tuple[int, int, int, int], top: float) -> float:
    return plot[3] - (plot[3] - plot[1]) * value / top


def _axes(plot: tuple[int, int, int, int], left: float, right: float | None) -> Iterator[str]:
    for part in (0, 0.5, 1):
        y = _y(part, plot, 1)
        yield f'<path d="M{plot[0]} {y:.1f}H{plot[2]}" stroke="{FRAME}"/>'
        yield _label(plot[0] - 5, y + 4, _short(left * part), f'fill="{GREY}" text-anchor="end"')
        if right is not None:
            yield _label(plot[2] + 5, y + 4, _short(right * part), f'fill="{GREY}"')
    for hour in range(0, 7, 2):
        x = plot[0] + (plot[2] - plot[0]) * hour / 6
        yield _label(x, plot[3] + 15, f"{FIRST_HOUR + hour}:00", f'fill="{GREY}" text-anchor="middle"')


def _path(line: Series, plot: tuple[int, int, int, int], top: float, colour: str, stacked: bool) -> str:
    step = (plot[2] - plot[0]) / (POINTS - 1)
    points = " ".join(
        f"{plot[0] + number * step:.1f},{_y(value, plot, top):.1f}" for number, value in enumerate(line.values)
    )
    filled = f'fill="{colour}" fill-opacity="0.3"' if stacked else 'fill="none"'
    return f'<polyline points="{points}" {filled} stroke="{colour}" stroke-width="1.5"/>'


def _legend(lines: Sequence[Series], width: int, height: int) -> Iterator[str]:
    """In two lines at most; what has no room there is counted."""
    x, y, last = 10.0, height - 26, height - 11
    for number, line in enumerate(lines):
        needed = 26 + 6 * len(line.label)
        if x > 10 and x + needed > width - 20:
            if y == last:
                yield _label(x, y + 1, f"+{len(lines) - number}", f'fill="{GREY}"')
                return
            x, y = 10.0, last
        yield f'<rect x="{x:g}" y="{y - 8}" width="10" height="10" fill="{COLOURS[number % len(COLOURS)]}"/>'
        yield _label(x + 14, y + 1, line.label)
        x += needed


def shorten(text: str, most: int) -> str:
    """The text, with its end left out if it has more letters than there is room for."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _short(value: float) -> str:
    for size, unit in UNITS:
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
