"""Databases as files, in memory and behind an address: how they are read, compared, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError
from gansmith.findings import Finding
from gansmith.modalities.format import AbstractFormat, Description, Writer
from gansmith.modalities.previews import TextPreview
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.auditing import audit
from gansmith.modalities.relational.connecting import check_installed
from gansmith.modalities.relational.families import drawn_families
from gansmith.modalities.relational.planning import Plan, plan_of
from gansmith.modalities.relational.reading import read_sources, table_files
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.schema import DatabaseSchema
from gansmith.modalities.relational.writing import ENDINGS, FolderWriter
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort
from gansmith.store.address import is_address, without_user
from gansmith.tabular.cells import cells_of
from gansmith.tabular.files.frames import fingerprint_of
from gansmith.tabular.schema import schema_of

DATABASE_FILES = (".sqlite", ".sqlite3", ".db", ".duckdb")
"""Files that hold a whole database."""


@final
class RelationalFormat(AbstractFormat[Database, RelationalOptions]):
    """Tables that point at each other. See `HasScores`, `HoldsOut`, `Describing`, `Auditing`, `Addressed`."""

    kind: ClassVar[str] = "relational"
    n_previewed: ClassVar[int] = 1

    def recognises(self, source: object) -> bool:
        """The address of a database, its file, a folder of tables that are not alike, tables by name."""
        if isinstance(source, Mapping):
            return len(cast("Mapping[str, object]", source)) > 0
        if not isinstance(source, (str, Path)):
            return False
        if is_address(str(source)):
            return True
        path = Path(source)
        if path.is_dir():
            return len(table_files(path)) > 1
        return path.suffix.lower() in DATABASE_FILES and path.is_file()

    def read(self, source: object, options: RelationalOptions) -> Database:
        given = None
        if options.schema is not None:
            given = DatabaseSchema.from_json(cast("Mapping[str, Any]", options.schema))
        name, part, identity = called(source), None, ""
        if isinstance(source, Mapping):
            tables = cast("Mapping[str, Any]", source)
            schema, found, notes = read_sources(tables, name, given)
        elif not is_database(source):
            files = table_files(Path(cast("str", source)))
            if not files:
                raise DataError(f"{source}: there is no table in this folder. Give CSV or Parquet files.")
            schema, found, notes = read_sources(files, name, given)
            identity = _identity(source)
        else:
            from gansmith.modalities.relational.databases import read_database

            read = read_database(str(source), given, options.most_rows)
            schema, found, notes, part = read.schema, read.tables, read.notes, read.part
            identity = read.identity
        whole = Database(schema, found, name, notes, source=identity)
        plan = plan_of(schema, found, whole.links, options.keep, options.generate)
        if options.most_rows and part is None and (part := drawn_families(plan, whole, options.most_rows)):
            whole = replace(whole, tables=part.tables)
            plan = plan_of(schema, part.tables, whole.links, options.keep, options.generate)
        whole = replace(whole, plan=plan, notes=(*notes, *_said(plan)))
        if part is None:
            return whole
        return replace(whole, families=part.families(whole), notes=(*whole.notes, part.note))

    def settled(self, options: RelationalOptions, command: str) -> RelationalOptions:
        """See the base class: with the content of the schema's file."""
        return options if options.schema is None else replace(options, schema=schema_of(options.schema))

    def read_like(self, source: object, like: Database) -> Database:
        """See the base class: with the keys and the plan of the other."""
        read = self.read(source, RelationalOptions(schema=_keys_alone(like.schema).to_json()))
        assert like.plan
        return replace(read, plan=_replanned(like.plan, read))

    def read_to_judge(self, source: object, like: Database) -> Database:
        """See `HasScores`."""
        return self.read_like(source, like)

    def score(
        self,
        fakes: Sequence[Database],
        train: Database,
        holdout: Database,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        """See `HasScores`."""
        from gansmith.modalities.relational.scoring import score_databases  # heavy

        return score_databases(fakes, train, holdout, target, seed, effort, progress)

    def hold_out(
        self,
        records: Database,
        given: Database | None,
        options: RelationalOptions,
        share: float,
        seed: int,
    ) -> tuple[Database, Database, tuple[str, ...]]:
        """See `HoldsOut`: whole families."""
        if given is not None:
            return records, given, ()
        order = draws(seed).permutation(len(records))
        n_held = min(max(1, int(len(records) * share)), len(records) - 1)
        kept, held = records.take(np.sort(order[n_held:])), records.take(np.sort(order[:n_held]))
        return kept, held, ("The hold-out is whole families: root rows and all that hangs on them.",)

    def fingerprint(self, records: Database) -> str:
        digest = sha256()
        for name, table in sorted(records.tables.items()):
            digest.update(f"{name}\0{fingerprint_of(table.records)}\0".encode())
        return digest.hexdigest()

    def join(self, blocks: Sequence[Database]) -> Database:
        from gansmith.modalities.relational.numbering import joined

        return joined(blocks)

    def returned(self, records: Database, source: object) -> Any:
        """See the base class: Arrow tables by name."""
        return {name: table.records for name, table in records.tables.items()}

    def writer(
        self, path: Path, like: Database, metadata: Mapping[str, str], options: RelationalOptions
    ) -> Writer:
        if path.suffix.lower() in DATABASE_FILES:
            kind = "duckdb" if path.suffix.lower() == ".duckdb" else "sqlite"
            return self.address_writer(f"{kind}:///{path}", like, metadata, options)
        if str(path) == "-":
            raise UsageError("a database is many tables: name a folder or an address of a database with -o.")
        if path.suffix.lower() == ".sql":
            check_installed()
            from gansmith.modalities.relational.dumping import DumpWriter

            return DumpWriter(path, like, options.table)
        if like.source and _identity(path) == like.source:
            raise UsageError(f"{path} is the folder that was learnt from. Name another one.")
        ending = ENDINGS[options.files]
        return FolderWriter(
            path, like, options.table, ending, safe_csv=options.safe_csv, replaces=options.replace
        )

    def address_writer(
        self, address: str, like: Database, metadata: Mapping[str, str], options: RelationalOptions
    ) -> Writer:
        """See `Addressed`."""
        check_installed()
        from gansmith.modalities.relational.sql_writing import DatabaseWriter

        return DatabaseWriter(address, like, options.table, replaces=options.replace)

    def overview(self, records: Database) -> list[dict[str, str]]:
        """One row for each table: what it is, its rows, its keys."""
        found: list[dict[str, str]] = []
        for table in records.schema.tables:
            plan = None if records.plan is None else records.plan[table.name]
            roles = {} if plan is None else {one.name: one.role for one in plan.links}
            keys = [
                f"{one.name} → {one.parent}{f' ({roles[one.name]})' if one.name in roles else ''}"
                for one in table.foreign_keys
            ]
            found.append(
                {
                    "table": table.name,
                    "rows": f"{len(records.tables[table.name]):,}",
                    "is": _WAYS[plan.way] if plan else "",
                    "key": " + ".join(table.primary_key),
                    "points at": "; ".join(keys),
                    "columns": f"{len(records.tables[table.name].schema):,}",
                }
            )
        return found

    def describe(self, records: Database, options: RelationalOptions) -> Description:
        """See `Describing`."""
        return Description(self.overview(records), (), records.schema.to_json())

    def audit(self, records: Database, target: str, options: RelationalOptions) -> tuple[Finding, ...]:
        """See `Auditing`."""
        return audit(records)

    def preview(self, records: Database) -> TextPreview:
        """See the base class: the first rows of the largest tables."""
        parts: list[str] = []
        largest = sorted(records.tables.values(), key=len, reverse=True)[:3]
        for table in largest:
            few = table.records.slice(0, 2)
            cells = [pc.fill_null(cells_of(few, name).cast(pa.string()), "") for name in few.column_names[:6]]
            rows = [
                " ".join(f"{text:.14}" for text in row)
                for row in zip(*map(pa.Array.to_pylist, cells), strict=True)
            ]
            parts.append("\n".join((f"{table.name}: {len(table):,} rows", *rows)))
        return TextPreview("\n".join(parts))


_WAYS = {
    "made": "learnt",
    "kept": "kept as it is",
    "few": "kept, personal cells made anew",
    "empty": "empty",
}


def is_database(source: object) -> bool:
    """Whether it is the address or the file of a database."""
    return is_address(str(source)) or Path(str(source)).suffix.lower() in DATABASE_FILES


def called(source: object) -> str:
    """What data is called, also in a model: an address without who asks, a file by its name."""
    if not isinstance(source, (str, Path)):
        return "tables"
    text = str(source)
    is_file = not is_address(text) or text.startswith(("sqlite:", "duckdb:"))
    return Path(text).name if is_file else without_user(text)


def _identity(source: object) -> str:
    """Tells a folder from others."""
    return sha256(f"folder {Path(str(source)).resolve()}".encode()).hexdigest()[:32]


def _said(plan: Plan) -> tuple[str, ...]:
    """Which tables are kept, to be confirmed."""
    kept = [one.name for one in plan.tables if one.way == "kept"]
    few = [one.name for one in plan.tables if one.way == "few"]
    notes: list[str] = []
    if kept:
        notes.append(
            f"kept as they are, as lists of names that are nobody's: {', '.join(kept)}. --generate TABLE "
            "learns one instead"
        )
    if few:
        notes.append(
            f"too few rows to learn from: {', '.join(few)}. Their rows are kept; names, addresses and the "
            "like are made anew, dates moved, secrets left out"
        )
    return tuple(notes)


def _keys_alone(schema: DatabaseSchema) -> DatabaseSchema:
    return replace(schema, tables=tuple(replace(one, columns=None) for one in schema.tables))


def _replanned(plan: Plan, records: Database) -> Plan:
    """The plan with the numbers of rows of other data."""
    return replace(
        plan, tables=tuple(replace(one, n_rows=len(records.tables[one.name])) for one in plan.tables)
    )
