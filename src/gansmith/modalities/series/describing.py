"""What was learnt of series, in words."""

from __future__ import annotations

from gansmith.modalities.series.codec import SeriesCodec
from gansmith.tabular.description import described


def described_series(codec: SeriesCodec) -> list[dict[str, str]]:
    """What was learnt of whole series, of when steps are, and of what they hold; one row each."""
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
        nothing = dict.fromkeys(("missing", "records per value", "suppressed"), "")
        kind = codec.form.schema.column(codec.form.time).kind
        said = {
            "of": "time",
            "column": codec.form.time,
            "kind": kind,
            "learnt as": steps.timing.grid.in_words,
        }
        found.insert(0, said | nothing)
    return found or [{"of": "step", "column": "", "kind": "", "learnt as": "nothing varies"}]
