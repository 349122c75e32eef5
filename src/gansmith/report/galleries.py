"""Sections on what records look like: real beside generated ones, by class, the most suspicious; patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.parts import Figure, Group, Section, Table, layout, number_axis, rounded
from gansmith.report.pictures import HALF_PX, WIDE_PX, Picture, picture
from gansmith.report.wording import number

SUSPICIOUS: Final = "suspicious"
"""The gallery that shows training data."""
_REAL, _SYNTHETIC = "real", "synthetic"

_FEW_BANDS: Final = 10
"""Each of which has a number of its own."""

Gallery = Mapping[str, Any]


def galleries_section(galleries: Sequence[Gallery]) -> Section | None:
    """What records look like, in the order given.

    A gallery called `synthetic` stands beside the one called `real`, `synthetic-...` beside `real-...`, and
    others stand alone.
    """
    shown = {str(one.get("name")): one for one in galleries if one.get("name") != SUSPICIOUS}
    groups: list[Group] = []
    for name, one in shown.items():
        side, _, rest = name.partition("-")
        other = {_REAL: _SYNTHETIC, _SYNTHETIC: _REAL}.get(side, "")
        partner = shown.get(f"{other}-{rest}" if rest else other) if other else None
        if partner is None:
            groups += _group([picture(one, WIDE_PX)])
        elif side == _REAL:
            groups += _group([picture(one, HALF_PX), picture(partner, HALF_PX)])
    if not groups:
        return None
    has_real = any(name.partition("-")[0] == _REAL for name in shown)
    return Section(
        "pictures",
        "What it looks like",
        "Real records that the model has not seen, and generated ones; none of them were picked. Look for "
        "what one side shows and the other does not."
        if has_real
        else "Generated records, none of them picked.",
        groups=tuple(groups),
    )


def suspicious_section(galleries: Sequence[Gallery]) -> Section | None:
    """Generated records beside the training records that they are most like."""
    found = [one for one in galleries if one.get("name") == SUSPICIOUS]
    groups = _group([picture({**one, "title": ""}, WIDE_PX) for one in found])
    if not groups:
        return None
    return Section(
        SUSPICIOUS,
        str(found[0].get("title") or "The most suspicious"),
        "The generated records that are most like one training record. Being alike is no leak where records "
        "are much alike anyway: the scores say how often real ones, never seen, are as near.",
        groups=tuple(groups),
        warning="For the data owner, not for publication: this part shows records of the training data.",
    )


def _group(pictures: Sequence[Picture | None]) -> list[Group]:
    """Those that are pictures, side by side; none where there are none."""
    kept = tuple(one for one in pictures if one is not None)
    return [Group((), "two" if len(kept) > 1 else "one", pictures=kept)] if kept else []


def patterns_section(spectrum: Mapping[str, Any]) -> Section | None:
    """How strong patterns of each size are."""
    real, fake = (list(spectrum.get(side) or []) for side in (_REAL, _SYNTHETIC))
    if not real or len(real) != len(fake):
        return None
    return Section(
        "patterns",
        "Patterns",
        "How strong patterns of each size are, from those as large as a record to those of neighbouring "
        "values. Both lines should lie on each other: a synthetic one that falls at the right is blurred, a "
        "peak there is a checkerboard or noise.",
        groups=(Group((patterns(real, fake),), "one"),),
        legend="lines",
    )


def patterns(real: Sequence[float | None], fake: Sequence[float | None]) -> Figure:
    """Two lines: power by frequency band, in decibels.

    Args:
        real: Of real records, from coarse to fine.
        fake: Of synthetic ones, the same bands.
    """
    bands = list(range(1, len(real) + 1))
    data = [_line(bands, real, _REAL, "solid"), _line(bands, fake, _SYNTHETIC, "dash")]
    gaps = [
        (abs(b - a), place)
        for place, a, b in zip(bands, real, fake, strict=True)
        if a is not None and b is not None
    ]
    worst = max(gaps, default=None)
    rows = tuple(
        (str(place), number(a), number(b), number(None if a is None or b is None else b - a))
        for place, a, b in zip(bands, real, fake, strict=True)
    )
    said = "" if worst is None else f" They are furthest apart in band {worst[1]}: {number(worst[0])} dB."
    across = number_axis("frequency band, from coarse to fine patterns")
    across |= {"dtick": 1 if len(bands) <= _FEW_BANDS else 5}
    return Figure(
        name="patterns",
        label=f"Power of patterns in {len(bands)} frequency bands, real against synthetic.{said}",
        data=data,
        layout=layout(across, number_axis("power, dB", has_grid=True)),
        height_px=300,
        numbers=Table("Power, dB", ("Band", "Real", "Synthetic", "Difference"), rows),
        is_still=False,
    )


def _line(bands: Sequence[int], values: Sequence[float | None], name: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(bands),
        "y": rounded(values),
        "line": {"width": 2, "color": f"@{name}", "dash": dash},
        "hovertemplate": f"%{{y:.1f}} dB in band %{{x}}<extra>{name}</extra>",
    }
