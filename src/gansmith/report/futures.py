"""How a series may go on, as a drawing that stands alone: its past, the middle of its futures, a few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, final

import numpy as np
from jaxtyping import Float

from gansmith.report.ticks import even_steps, number_words

WIDTH_PX: Final = 900
HEIGHT_PX: Final = 300
_LEFT_PX, _RIGHT_PX, _TOP_PX, _FOOT_PX = 60, 60, 12, 34
_N_LINES: Final = 3
_SHARES: Final = ((0.9, 0.2), (0.5, 0.35))
"""Shares of the futures in each band, and how dark it is."""
_STYLE: Final = (
    "text{font:14px sans-serif;fill:#555}.past{stroke:#222}.truth{stroke:#c2410c;stroke-dasharray:5 3}"
    ".future{stroke:#2563eb;stroke-width:.8}.band{fill:#2563eb}.grid{stroke:#ddd}"
)


def futures_drawing(
    history: Float[np.ndarray, " n_steps"],
    futures: Float[np.ndarray, "n_futures n_more"],
    truth: Float[np.ndarray, " n_known"] | None = None,
    places: Sequence[str] = (),
) -> str:
    """An SVG: the past, the middle half and nine tenths of the futures, three of them, and what came.

    Args:
        history: The last steps that are known, at least one.
        futures: Ways in which they go on, at least one.
        truth: What came, where that is known.
        places: Words along the time of history and futures, evenly spread.
    """
    known = history[:0] if truth is None else truth
    everything = np.concatenate([history, known, futures.ravel()])
    low, high = float(everything.min()), float(everything.max())
    sheet = _Sheet(len(history) + futures.shape[1], low, max(high, low + 1e-12))
    first = len(history)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}">']
    parts.append(f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>')
    parts += sheet.grid(places)
    for share, opacity in _SHARES:
        below, above = np.quantile(futures, ((1 - share) / 2, (1 + share) / 2), axis=0)
        around = [*sheet.points(below, first), *reversed([*sheet.points(above, first)])]
        parts.append(f'<polygon class="band" points="{" ".join(around)}" opacity="{opacity}"/>')
    for one in futures[:_N_LINES]:
        parts.append(sheet.line([history[-1], *one], first - 1, "future"))
    parts.append(sheet.line(history, 0, "past"))
    if len(known):
        parts.append(sheet.line([history[-1], *known], first - 1, "truth"))
    return "\n".join([*parts, "</svg>"])


@final
@dataclass(frozen=True)
class _Sheet:
    """Where steps and values lie."""

    n: int
    low: float
    high: float

    def points(self, values: Iterable[float], first: int) -> Iterator[str]:
        step = (WIDTH_PX - _LEFT_PX - _RIGHT_PX) / max(self.n - 1, 1)
        for k, value in enumerate(values):
            yield f"{_LEFT_PX + (first + k) * step:.1f},{self.height(value):.1f}"

    def line(self, values: Iterable[float], first: int, name: str) -> str:
        return f'<polyline class="{name}" fill="none" points="{" ".join(self.points(values, first))}"/>'

    def height(self, value: float) -> float:
        room = HEIGHT_PX - _TOP_PX - _FOOT_PX
        return _TOP_PX + (self.high - value) / (self.high - self.low) * room

    def grid(self, places: Sequence[str]) -> Iterator[str]:
        levels = even_steps(self.low, self.high, 4)
        for level, said in zip(levels, number_words(levels), strict=True):
            at = self.height(level)
            yield f'<path class="grid" d="M{_LEFT_PX} {at:.1f}H{WIDTH_PX - _RIGHT_PX}"/>'
            yield f'<text x="{_LEFT_PX - 8}" y="{at + 5:.1f}" text-anchor="end">{escape(said)}</text>'
        step = (WIDTH_PX - _LEFT_PX - _RIGHT_PX) / max(len(places) - 1, 1)
        for k, place in enumerate(places):
            at = _LEFT_PX + k * step
            yield f'<text x="{at:.0f}" y="{HEIGHT_PX - 8}" text-anchor="middle">{escape(place)}</text>'
