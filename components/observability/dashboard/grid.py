"""Where widgets stand: CloudWatch's grid of 24 columns, filled row by row."""

from collections.abc import Iterator, Sequence
from typing import Any

from components.widgets import COLUMNS, Row, Widget


def placed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The widgets as the body of a dashboard has them, each with its place.

    Every row begins at the left, below all that stands above it; what does not fit beside its neighbours goes below.
    docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html

    Raises:
        ValueError: A widget is wider than the grid.
    """
    result: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        for line in _lines(row):
            x = 0
            for widget in line:
                result.append(_at(widget, x, y))
                x += widget.width
            y += max(widget.height for widget in line)
    return result


def _lines(row: Row) -> Iterator[Row]:
    """The row, broken where it is wider than the grid."""
    line: list[Widget] = []
    for widget in row:
        if not 1 <= widget.width <= COLUMNS:
            raise ValueError(f"given a widget of {widget.width} columns; allowed are 1 to {COLUMNS}")
        if sum(other.width for other in line) + widget.width > COLUMNS:
            yield line
            line = []
        line.append(widget)
    if line:
        yield line


def _at(widget: Widget, x: int, y: int) -> dict[str, Any]:
    return {
        "type": widget.type,
        "x": x,
        "y": y,
        "width": widget.width,
        "height": widget.height,
        "properties": dict(widget.properties),
    }
