"""SDV's HMA on a database, in the environment of the peers; see bench/peers/README.md."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from bench.peers.execution import ONE_THREAD, peers_python

RUNNER: Final = Path(__file__).parent / "peers" / "runners" / "hma.py"
DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f"


def made_by_hma(train: Any, seed: int) -> tuple[Any, dict[str, Any]]:
    """A database of HMA's, None where it refuses; and what it said."""
    from os import environ

    with TemporaryDirectory() as folder:
        given, out = Path(folder) / "in", Path(folder) / "out"
        given.mkdir()
        whole = train.whole
        metadata = {
            "tables": {name: _table(whole, name, given) for name in whole.tables},
            "relationships": [
                {
                    "parent_table_name": key.parent, "parent_primary_key": key.parent_columns[0],
                    "child_table_name": table.name, "child_foreign_key": key.columns[0],
                }
                for table in whole.schema.tables
                for key in table.foreign_keys
            ],
        }  # fmt: skip
        (given / "metadata.json").write_text(json.dumps(metadata))
        told = subprocess.run(
            [peers_python(), "-P", str(RUNNER), str(given), str(out), str(seed)],
            env={**environ, **ONE_THREAD, "PYTHONPATH": ""}, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        said = json.loads(told.strip().splitlines()[-1])
        return (None if "failed" in said else _read(out, train)), said


def _table(database: Any, name: str, folder: Path) -> dict[str, Any]:
    """A table's columns in SDV's words; what is made anew or never varies is left out."""
    table, schema = database.tables[name], database.schema[name]
    columns: dict[str, dict[str, str]] = {}
    for column in table.schema.columns:
        if column.name in schema.keys:
            columns[column.name] = {"sdtype": "id"}
        elif not column.traits.is_varied or column.traits.is_made_anew or column.parts:
            continue
        elif column.traits.is_time:
            columns[column.name] = {"sdtype": "datetime", "datetime_format": DATE_FORMAT}
        else:
            columns[column.name] = {"sdtype": "numerical" if column.traits.is_number else "categorical"}
    pa_csv.write_csv(table.records.select([*columns]), folder / f"{name}.csv")
    found: dict[str, Any] = {"columns": columns}
    if len(schema.primary_key) == 1:
        found["primary_key"] = schema.primary_key[0]
    return found


def _read(folder: Path, like: Any) -> Any:
    """HMA's files as a database like that which it learnt from; columns that it was not given are empty."""
    tables: dict[str, Any] = {}
    for name, table in like.tables.items():
        found = pa_csv.read_csv(folder / f"{name}.csv", convert_options=pa_csv.ConvertOptions(
            strings_can_be_null=True))  # fmt: skip
        cells = [
            _cast(found.column(field.name), field.type)
            if field.name in found.column_names
            else pa.nulls(len(found), field.type)
            for field in table.records.schema
        ]
        tables[name] = replace(table, records=pa.table(cells, schema=table.records.schema).combine_chunks())
    return replace(like, tables=tables, families=None, name="hma")


def _cast(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_integer(kind) and pa.types.is_floating(cells.type):
        return pc.round(cells).cast(kind)
    return cells.cast(kind, safe=False)
