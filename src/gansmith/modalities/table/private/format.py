"""Private tables as files and in memory: read without a look into them, judged as any table is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, final

import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.format import AbstractFormat, Description
from gansmith.modalities.previews import TablePreview
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.private import TAKEN_AS_PUBLIC, PrivateOptions
from gansmith.modalities.table.private.domain import Public, public_of
from gansmith.modalities.table.private.records import PrivateRecords, called
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort
from gansmith.tabular.files import MIN_RECORDS, raw_table
from gansmith.tabular.files.frames import fingerprint_of, with_column
from gansmith.tabular.files.raw import JSON_EXTENSIONS, RawTable, check_names
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import Table

TABLES: Final = TableFormat()


@final
class PrivateFormat(AbstractFormat[PrivateRecords, PrivateOptions]):
    """Rows and columns, under differential privacy."""

    kind: ClassVar[str] = "private"

    def recognises(self, source: object) -> bool:
        """Nothing: who wants a guarantee says so."""
        return False

    def settled(self, options: PrivateOptions, command: str) -> PrivateOptions:
        """With what the file of the domain holds, so that a run keeps it."""
        if command == "fit":
            _ = options.guarantee
        if options.constraints:
            raise UsageError(
                "rules between columns (constraints) are not learnt under a guarantee: rules that "
                "are found would "
                "be read off the records, and declared ones are not kept yet. Leave constraints out."
            )
        public_of(options.domain)
        if isinstance(options.domain, str) and options.domain:
            import json

            return replace(options, domain=json.loads(Path(options.domain).read_text(encoding="utf-8")))
        return options

    def read(self, source: object, options: PrivateOptions) -> PrivateRecords:
        if isinstance(source, PrivateRecords):
            return source
        name = called(source)
        try:
            raw = raw_table(source, options.has_header, options.encoding or None, False, ())
            check_names(raw.columns.column_names)
            raw = _without_found_types(raw, source)
        except DataError as error:
            raise DataError(f"{source if isinstance(source, (str, Path)) else name}: {error}") from error
        if raw.columns.num_rows < MIN_RECORDS:
            raise DataError(
                f"{name}: the table has a single record or none. Give a few hundred at the least."
            )
        return PrivateRecords(raw, name, None, (f"taken as public: {TAKEN_AS_PUBLIC}",))

    def read_like(self, source: object, like: PrivateRecords) -> PrivateRecords:
        return PrivateRecords.of(TABLES.read_like(source, _as_table(like)))

    def read_to_judge(self, source: object, like: PrivateRecords) -> PrivateRecords:
        """See the base class."""
        return PrivateRecords.of(TABLES.read_to_judge(source, _as_table(like)))

    def score(
        self,
        fakes: Sequence[PrivateRecords],
        train: PrivateRecords,
        holdout: PrivateRecords,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        """See `HasScores`; it is outside the guarantee."""
        real = _as_table(train)
        made = [TABLES.read_like(one.records, real) for one in fakes]
        held = TABLES.read_like(holdout.records, real)
        return TABLES.score(made, real, held, target, seed, effort, progress)

    def fingerprint(self, records: PrivateRecords) -> str:
        return fingerprint_of(records.records)

    def names(self, records: PrivateRecords) -> tuple[str, ...]:
        """See `HasColumns`."""
        return tuple(records.raw.columns.column_names)

    def check_target(self, records: PrivateRecords, target: str) -> None:
        """See `HasColumns`: it is there; what is in it is not looked at."""
        if target not in self.names(records):
            raise UsageError(f"There is no column {target!r}. {did_you_mean(target, self.names(records))}")

    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """See `HasColumns`."""
        return with_column(source, values)

    def join(self, blocks: Sequence[PrivateRecords]) -> PrivateRecords:
        return PrivateRecords.of(TABLES.join([block.table for block in blocks]))

    def returned(self, records: PrivateRecords, source: object) -> Any:
        return TABLES.returned(records.table, source)

    def writer(
        self, path: Path, like: PrivateRecords, metadata: Mapping[str, str], options: PrivateOptions
    ) -> Any:
        return _Writing(TableWriter(path, like.table.schema, metadata=metadata, safe_csv=options.safe_csv))

    def preview(self, records: PrivateRecords) -> TablePreview:
        """See the base class; of records that nobody has looked into, the names of the columns."""
        made = records.schema is not None
        return TABLES.preview(records.table) if made else TablePreview(self.names(records), ())

    def describe(self, records: PrivateRecords, options: PrivateOptions) -> Description:
        """See `Describing`: names, and what is public."""
        public = public_of(options.domain)
        rows = [
            {
                "column": name,
                "kind": options.columns.get(name, public.get(name, Public()).stated),
                "learnt": public[name].in_words if name in public else "to be found at a price",
            }
            for name in self.names(records)
        ]
        return Description(rows, (), None)


def _without_found_types(raw: RawTable, source: object) -> RawTable:
    """Columns whose types a reader found in their values as texts: one odd value would change them."""
    if isinstance(source, (str, Path)):
        found = set(raw.columns.column_names) if _is_json(Path(source)) else set[str]()
    else:
        dtypes = getattr(source, "dtypes", {})
        found = {name for name in raw.columns.column_names if str(dict(dtypes).get(name)) == "object"}
    columns = raw.columns
    for place, name in enumerate(columns.column_names):
        if name in found and not pa.types.is_nested(columns.schema.types[place]):
            columns = columns.set_column(place, name, columns.column(place).cast(pa.string()))
    return replace(raw, columns=columns)


def _is_json(path: Path) -> bool:
    return any(suffix in JSON_EXTENSIONS for suffix in path.suffixes)


@final
class _Writing:
    """A file that made records are appended to."""

    def __init__(self, writer: TableWriter) -> None:
        self._writer = writer

    def __enter__(self) -> _Writing:
        self._writer.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._writer.__exit__(*error)

    def write(self, records: PrivateRecords) -> None:
        """Append records."""
        self._writer.write(records.table)


def _as_table(records: PrivateRecords) -> Table:
    """The records as any table is read, for scores: outside the guarantee."""
    if records.schema is not None:
        return records.table
    return TABLES.read(records.raw, TableOptions(finds_constraints=False))
