"""What was learnt of series, in words."""

from __future__ import annotations

from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.window_codec import WindowCodec
from gansmith.tabular.description import described


def described_series(codec: SeriesCodec | WindowCodec) -> list[dict[str, str]]:
    """What was learnt of whole series, of when steps are, and of what they hold; one row each."""
    if isinstance(codec, WindowCodec):
        told = {place: one.name for one in codec.view.codings for place in one.places}
        words = [told[source] for source in codec.view.sources]
        return [
            _row("window", column.name, column.kind, f"as {word}")
            for column, word in zip(codec.measures, words, strict=True)
        ]
    steps, found = codec.steps, list[dict[str, str]]()
    for of, rows in (("series", codec.attributes), ("time", steps.clock), ("step", steps.rows)):
        found += [{"of": of, **row} for row in (described(rows) if rows is not None else ())]
    for measure in steps.route.measures:
        if measure.is_drafted:
            name = steps.columns[measure.column].column.name
            what = "distance of its logarithm" if measure.is_log else "distance"
            season = f" and of {steps.route.season} steps ago" if steps.route.season else ""
            for row in found:
                if (row["of"], row["column"]) == ("step", name):
                    row["learnt as"] = f"{what} from what the last steps{season} predict"
    if steps.timing.grid is not None:
        column = codec.form.schema.column(codec.form.time)
        found.insert(0, _row("time", column.name, column.kind, steps.timing.grid.in_words))
    return found or [_row("step", "", "", "nothing varies")]


def _row(of: str, column: str, kind: str, learnt_as: str) -> dict[str, str]:
    return {
        "of": of,
        "column": column,
        "kind": kind,
        "missing": "",
        "learnt as": learnt_as,
        "records per value": "",
        "suppressed": "",
    }
