"""All scores in one drawing, and any drawing of the report as Plotly's own figures for a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from gansmith.report.markup import asset
from gansmith.report.parts import Figure, layout, name_axis, number_axis
from gansmith.report.wording import number

_ANCHORS: Final = {
    "ceiling": ("real hold-out", "circle", "@real"),
    "floor": ("independent parts", "x", "@grey"),
    "copy": ("training copy", "triangle-up", "@grey"),
}
_SYMBOLS: Final = ("diamond", "square", "star", "hexagon", "pentagon", "cross")
_COLOURS: Final = ("@synthetic", "@accent", "@green", "@red", "@amber", "@ink")
_COLOUR: Final = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}),")
_NAMES: Final = frozenset({"hovertext", "name", "text", "ticktext"})
"""Under which a figure holds names."""
_FEWEST_PX: Final = 260

Scores = Mapping[str, Mapping[str, Any]]


def overview(cards: Mapping[str, Scores]) -> Figure:
    """Every score that has an anchor on a line of its own, the good end at the right.

    Args:
        cards: By the name of a data set its scores; each `value`, `ceiling`, `floor`, `copy`, `direction`.
    """
    names = dict.fromkeys(name for scores in cards.values() for name in scores)
    places = {name: scale for name in names if (scale := _scale([card.get(name) for card in cards.values()]))}
    labels = [_label(name, cards) for name in places]
    data = [
        _marks(words, symbol, colour, [_first(name, cards, key) for name in places], list(places.values()))
        for key, (words, symbol, colour) in _ANCHORS.items()
    ]
    for turn, (name, scores) in enumerate(cards.items()):
        values = [scores.get(one, {}).get("value") for one in places]
        symbol, colour = _SYMBOLS[turn % len(_SYMBOLS)], _COLOURS[turn % len(_COLOURS)]
        data.append(_marks(name, symbol, colour, values, list(places.values())))
    across = number_axis("worse – better") | {"showticklabels": False, "range": [-0.05, 1.05]}
    drawn = layout(across, name_axis(labels, 40, from_top=True))
    drawn |= {"showlegend": True, "legend": {"orientation": "h", "y": 1, "yanchor": "bottom"}}
    return Figure(
        "scores", "All scores beside their anchors.", data, drawn, 90 + 24 * len(places), is_still=False
    )


def drawn(figure: Figure) -> dict[str, Any]:
    """What Plotly draws of a figure, `data` and `layout`, in the light colours of the report."""
    colours = {"none": "rgba(0,0,0,0)", **dict(_COLOUR.findall(asset("palette.css")))}
    data, laid_out = (_escaped(part) for part in (figure.data, figure.layout))
    whole = laid_out | {"height": max(_FEWEST_PX, figure.height_px), "template": "none"}
    if figure.title:
        said = f"{plain(figure.title)}<br><sub>{plain(figure.subtitle)}</sub>"
        whole |= {"title": {"text": said}, "margin": {**figure.layout["margin"], "t": 56}}
    return _coloured({"data": data, "layout": whole}, colours)


def plain(text: str) -> str:
    """Text that Plotly shows as it is: it would read `<b>` and `<a href>` as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(value: Any, key: str = "") -> Any:
    """The same with all that may be a name of the user's as plain text."""
    match value:
        case str():
            return plain(value) if key in _NAMES else value
        case dict():
            return {name: _escaped(one, name) for name, one in cast("dict[str, Any]", value).items()}
        case list():
            return [_escaped(one, key) for one in cast("list[Any]", value)]
        case _:
            return value


def _coloured(value: Any, colours: Mapping[str, str]) -> Any:
    """The same with every `@name` as the colour of that name."""
    match value:
        case str() if value.startswith("@") and value[1:] in colours:
            return colours[value[1:]]
        case dict():
            return {key: _coloured(one, colours) for key, one in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return [_coloured(one, colours) for one in cast("Sequence[Any]", value)]
        case _:
            return value


def _scale(scores: Sequence[Mapping[str, Any] | None]) -> tuple[float, float] | None:
    """The numbers at the bad and the good end of a score's line; None where it has no anchor or no length."""
    found = [score for score in scores if score and score.get("value") is not None]
    known = [score[key] for score in found for key in ("value", *_ANCHORS) if score.get(key) is not None]
    if len(known) == len(found) or min(known) == max(known):
        return None
    ends = min(known), max(known)
    return ends[::-1] if found[0].get("direction") == "lower" else ends


def _marks(
    words: str,
    symbol: str,
    colour: str,
    values: Sequence[float | None],
    scales: Sequence[tuple[float, float]],
) -> dict[str, Any]:
    """A mark for each score that has this value."""
    known = [place for place, value in enumerate(values) if value is not None]
    at = [
        (cast("float", values[place]) - scales[place][0]) / (scales[place][1] - scales[place][0])
        for place in known
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": words,
        "x": at,
        "y": known,
        "text": [number(values[place]) for place in known],
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        "marker": {"size": 10, "symbol": symbol, "color": colour},
    }


def _first(name: str, cards: Mapping[str, Scores], key: str) -> float | None:
    return next((scores[name].get(key) for scores in cards.values() if name in scores), None)


def _label(name: str, cards: Mapping[str, Scores]) -> str:
    return next(str(scores[name].get("label") or name) for scores in cards.values() if name in scores)
