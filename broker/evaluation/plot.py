"""A calibration plot as SVG: what was predicted across, what came true upwards."""

from collections.abc import Sequence
from math import log10
from xml.sax.saxutils import escape

from broker.evaluation.scores import Bin

_SIDE, _LEFT, _TOP = 400, 60, 50
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def plot(bins: Sequence[Bin], title: str) -> str:
    """One circle a bin, larger with more pairs; on the diagonal the weights say what is so."""
    drawn = "\n".join((*_axes(), *map(_circle, bins)))
    width, height = _SIDE + _LEFT + 20, _SIDE + _TOP + 50
    said = escape(f"Calibration: {title}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-family="sans-serif" font-size="12">\n<title>{said}</title>\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<text x="{_LEFT}" y="24" font-size="14">{said}</text>\n{drawn}\n</svg>\n'
    )


def _axes() -> Sequence[str]:
    foot, right = _y(0), _x(1)
    lines = [
        f'<path d="M{_x(0)} {_y(1)}V{foot}H{right}" fill="none" stroke="black"/>',
        f'<path d="M{_x(0)} {foot}L{right} {_y(1)}" stroke="grey" stroke-dasharray="4"/>',
        f'<text x="{_x(0.5)}" y="{foot + 38}" text-anchor="middle">predicted chance</text>',
        f'<text x="16" y="{_y(0.5)}" text-anchor="middle"'
        f' transform="rotate(-90 16 {_y(0.5)})">share that is one child</text>',
    ]
    for tick in _TICKS:
        lines.append(f'<text x="{_x(tick)}" y="{foot + 18}" text-anchor="middle">{tick:g}</text>')
        lines.append(f'<text x="{_x(0) - 8}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>')
    return lines


def _circle(each: Bin) -> str:
    radius = 3 + 2 * log10(each.pairs)
    told = f"{each.pairs} pairs: predicted {each.predicted:.4f}, observed {each.observed:.4f}"
    return (
        f'<circle cx="{_x(each.predicted)}" cy="{_y(each.observed)}" r="{radius:.1f}"'
        f' fill="black" fill-opacity="0.6"><title>{told}</title></circle>'
    )


def _x(value: float) -> float:
    return round(_LEFT + value * _SIDE, 1)


def _y(value: float) -> float:
    return round(_TOP + (1 - value) * _SIDE, 1)
