"""Series as files and in memory: how they are read, compared, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import UsageError
from gansmith.findings import Finding
from gansmith.modalities.format import AbstractFormat, Description
from gansmith.modalities.previews import Curve, SeriesPreview
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.auditing import audit
from gansmith.modalities.series.reading import read_again, read_series
from gansmith.modalities.series.records import ENTITY, SeriesSet
from gansmith.modalities.series.sources import is_pandas, looks_like_series, with_index
from gansmith.modalities.series.writing import SeriesWriter, returned
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort
from gansmith.tabular.cells import cells_of, codes_of, floats_of
from gansmith.tabular.files.frames import fingerprint_of, with_column
from gansmith.tabular.schema import Column

LATEST: Final = 0.2
"""Share of the steps that is held out of one series alone."""
_N_FIRST: Final = 5
"""Values of a measure that a preview spells."""


@final
class SeriesFormat(AbstractFormat[SeriesSet, SeriesOptions]):
    """Rows in time, of one or of many.

    See `HasColumns`, `HasScores`, `Describing`, `Auditing`, `HoldsOut`.
    """

    kind: ClassVar[str] = "series"

    def recognises(self, source: object) -> bool:
        """A folder or an archive of tables that are alike, or an array of three axes, in a file or not.

        A table by itself may be one of series, which nobody can tell for sure; see `Modality.asked_by`.
        """
        if isinstance(source, np.ndarray):
            return source.ndim == 3
        return isinstance(source, (str, Path)) and looks_like_series(Path(source))

    def read(self, source: object, options: SeriesOptions) -> SeriesSet:
        return read_series(source, options)

    def read_like(self, source: object, like: SeriesSet) -> SeriesSet:
        """See the base class; a column that holds other values becomes of a wider kind, with a note."""
        return read_again(source, like.form, "cells")

    def read_to_judge(self, source: object, like: SeriesSet) -> SeriesSet:
        """See `HasScores`; columns that only one of them has are left out, with a note."""
        return read_again(source, like.form, "columns")

    def score(
        self,
        fakes: Sequence[SeriesSet],
        train: SeriesSet,
        holdout: SeriesSet,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        """See `HasScores`."""
        from gansmith.modalities.series.scoring import score_series  # heavy: only for those who score

        return score_series(fakes, train, holdout, target, seed, effort, progress)

    def read_for(self, source: object, like: SeriesSet) -> SeriesSet:
        """See the base class; columns that the model does not know are left out, with a note."""
        return read_again(source, like.form, "surplus")

    def hold_out(
        self, records: SeriesSet, given: SeriesSet | None, options: SeriesOptions, share: float, seed: int
    ) -> tuple[SeriesSet, SeriesSet, tuple[str, ...]]:
        """See `HoldsOut`: whole series, or the latest fifth of one alone."""
        if given is not None:
            return records, given, ()
        if len(records) > 1:
            order = draws(seed).permutation(len(records))
            n_held = min(max(1, int(len(records) * share)), len(records) - 1)
            held, kept = np.sort(order[:n_held]), np.sort(order[n_held:])
            return records.take(kept), records.take(held), ("The hold-out is whole series.",)
        n, window = int(records.lengths[0]), max(records.form.window, 1)
        n_held = max(1, int(n * LATEST))
        if n - n_held < window or n_held < window:
            raise UsageError(
                f"of {n:,} steps the latest {n_held:,} are held out, which is shorter than a window of "
                f"{window:,}. Give shorter windows, or a later part of the series as --holdout."
            )
        alone, zero = np.array([0]), np.array([0])
        kept = records.cut(alone, zero, np.array([n - n_held]))
        held = records.cut(alone, np.array([n - n_held]), np.array([n]))
        return kept, held, (f"The hold-out is the latest {n_held:,} of {n:,} steps.",)

    def names(self, records: SeriesSet) -> tuple[str, ...]:
        """See `HasColumns`."""
        return records.form.written.names

    def check_target(self, records: SeriesSet, target: str) -> None:
        """See `HasColumns`; an attribute or a measure."""
        form = records.form
        column = form.schema.column(target)
        if target in (form.entity, form.time):
            raise UsageError(f"target {target!r} says whose steps they are, or when. Choose another column.")
        if column.traits.is_made_anew or not column.traits.is_varied:
            raise UsageError(
                f"target {target!r} is {column.kind}: it cannot be predicted. Choose another column."
            )

    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """See `HasColumns`; a value for each row."""
        return with_column(with_index(source) if is_pandas(source) else source, values)

    def audit(self, records: SeriesSet, target: str, options: SeriesOptions) -> tuple[Finding, ...]:
        """See `Auditing`."""
        return audit(records, target)

    def fingerprint(self, records: SeriesSet) -> str:
        return sha256(fingerprint_of(records.steps).encode() + records.starts.tobytes()).hexdigest()

    def join(self, blocks: Sequence[SeriesSet]) -> SeriesSet:
        steps = pa.concat_tables([block.steps for block in blocks]).combine_chunks()
        starts = np.concatenate([[0], np.cumsum(np.concatenate([block.lengths for block in blocks]))])
        return replace(blocks[0], steps=steps, starts=starts)

    def returned(self, records: SeriesSet, source: object) -> Any:
        """See the base class: an array of three axes where that was given, else a frame or a table."""
        return returned(records, source)

    def writer(
        self, path: Path, like: SeriesSet, metadata: Mapping[str, str], options: SeriesOptions
    ) -> SeriesWriter:
        return SeriesWriter(path, like, metadata, safe_csv=options.safe_csv)

    def overview(self, records: SeriesSet) -> list[dict[str, str]]:
        """One row for each column of the long table: what it is for, its kind, and what it holds."""
        form, lengths = records.form, records.lengths
        whole = records.first_steps
        low, middle, high = (f"{n:,.0f}" for n in np.quantile(lengths, [0, 0.5, 1]))
        steps = high if low == high else f"{low} to {high}, mostly about {middle}"
        rows = [
            {"column": "", "is": name, "kind": kind, "missing": "", "holds": held}
            for name, kind, held in (("series", form.shape, f"{len(records):,}"), ("steps", "", steps))
        ]
        for column in form.schema.columns:
            role = _role(records, column)
            cells = (whole if role in ("entity", "attribute") else records.steps).column(column.name)
            rows.append(
                {
                    "column": column.name,
                    "is": role,
                    "kind": column.kind,
                    "missing": f"{column.missing_rate:.1%}" if column.missing_rate else "",
                    "holds": column.traits.holds(cells, column),
                }
            )
        return rows

    def describe(self, records: SeriesSet, options: SeriesOptions) -> Description:
        """See `Describing`: what was found; what is learnt of it the codec knows."""
        return Description(self.overview(records), (), records.form.written.to_json())

    def preview(self, records: SeriesSet) -> SeriesPreview:
        """See the base class: the measures of the first series as curves."""
        few = records.take(np.arange(min(self.n_previewed, len(records))))
        called = [f"{few.form.entity or ENTITY} {name}" for name in few.entities.to_pylist()]
        columns = [_curves(few, column) for column in few.form.measures]
        rows = tuple(zip(*columns, strict=True)) if columns else ((),) * len(few)
        return SeriesPreview(tuple(called), rows)


def _role(records: SeriesSet, column: Column) -> str:
    form = records.form
    roles = {form.entity: "entity", form.time: "time", **dict.fromkeys(form.attributes, "attribute")}
    return roles.get(column.name, "measure")


def _curves(records: SeriesSet, column: Column) -> list[Curve]:
    """A measure of each series; the values of a category are its numbers in the order in which they occur."""
    cells = cells_of(records.steps, column.name)
    is_line = column.traits.is_measure and not pa.types.is_null(cells.type)
    values = floats_of(cells) if is_line else codes_of(cells).astype(float)
    found: list[Curve] = []
    for start, length in zip(records.starts[:-1].tolist(), records.lengths.tolist(), strict=True):
        first = cells.slice(start, min(length, _N_FIRST))
        spelt = column.traits.spell(first, column).cast(pa.string()).fill_null("-").to_pylist()
        found.append(Curve(column.name, values[start : start + length], ", ".join(spelt)))
    return found
