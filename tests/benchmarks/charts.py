"""Charts as SVG text: stacked bars, and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH_PX, LEFT_PX, RIGHT_PX, TOP_PX = 890, 335, 810, 44
ROW_PX, PLOT_PX = 22, 260
COLOURS = ("#1658a8", "#9ec3ea", "#e3b505", "#d01818")
GREY = "#666"


def bars(title: str, parts: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]], unit: str = "MB") -> str:
    """An SVG with a stacked bar for each row, and the sum at its end."""
    most = max(sum(values) for _, values in rows) or 1.0
    drawn = _legend(parts)
    for number, (label, values) in enumerate(rows):
        y_px, x_px = TOP_PX + number * ROW_PX, float(LEFT_PX)
        drawn.append(_text(LEFT_PX - 8, y_px + 14, label, 'text-anchor="end"'))
        for colour, value in zip(COLOURS, values, strict=False):
            width_px = (RIGHT_PX - LEFT_PX) * max(0.0, value) / most
            drawn.append(
                f'<rect x="{x_px:.1f}" y="{y_px}" width="{width_px:.1f}" height="{ROW_PX - 6}" fill="{colour}"/>'
            )
            x_px += width_px
        drawn.append(_text(x_px + 6, y_px + 14, f"{sum(values):.1f} {unit}", f'fill="{GREY}"'))
    return _svg(title, TOP_PX + len(rows) * ROW_PX + 10, drawn)


def lines(title: str, across: str, series: Mapping[str, Sequence[tuple[float, float]]], unit: str) -> str:
    """An SVG with a line for each series of (x, y), both axes from zero."""
    points = [point for line in series.values() for point in line]
    most_x, most_y = (max(point[axis] for point in points) or 1.0 for axis in (0, 1))
    bottom_px, left_px = TOP_PX + PLOT_PX, 70

    def place(x: float, y: float) -> tuple[float, float]:
        return left_px + (RIGHT_PX - left_px) * x / most_x, bottom_px - PLOT_PX * y / most_y

    drawn = _legend(tuple(series))
    drawn.append(f'<path d="M{left_px} {TOP_PX}V{bottom_px}H{RIGHT_PX}" fill="none" stroke="#999"/>')
    drawn.append(_text(left_px - 6, TOP_PX + 10, f"{most_y:.3g} {unit}", f'text-anchor="end" fill="{GREY}"'))
    drawn.append(_text(RIGHT_PX, bottom_px + 18, f"{most_x:g} {across}", f'text-anchor="end" fill="{GREY}"'))
    for colour, line in zip(COLOURS, series.values(), strict=False):
        joined = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line)
        drawn.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return _svg(title, bottom_px + 30, drawn)


def _legend(names: Sequence[str]) -> list[str]:
    drawn = []
    for number, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        x_px = WIDTH_PX - 150 * (len(names) - number)
        drawn.append(f'<rect x="{x_px}" y="15" width="10" height="10" fill="{colour}"/>')
        drawn.append(_text(x_px + 14, 24, name, f'fill="{GREY}"'))
    return drawn


def _svg(title: str, height_px: int, drawn: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height_px}" '
        f'viewBox="0 0 {WIDTH_PX} {height_px}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH_PX}" height="{height_px}" fill="white"/>'
    )
    return "\n".join([head, _text(12, 24, title, 'font-size="15"'), *drawn, "</svg>\n"])


def _text(x_px: float, y_px: float, text: str, style: str = "") -> str:
    return f'<text x="{x_px:.1f}" y="{y_px}" {style}>{escape(text)}</text>'
