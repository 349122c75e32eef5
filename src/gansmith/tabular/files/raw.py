"""Table files as Arrow tables: delimited text as columns of strings, JSON lines and Parquet typed.

What a file holds decides how it is read (compression, encoding, delimiter and quotes are found in it); its
extension says only which of the three it is.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from gansmith.errors import DataError, did_you_mean
from gansmith.tabular.files.dialect import Dialect, decode, find_dialect, records_of, style_of
from gansmith.tabular.files.endings import is_cut
from gansmith.tabular.files.header import names_columns, numbered_names
from gansmith.tabular.files.subset import Subset, n_kept, note_on
from gansmith.tabular.schema import TextStyle

TEXT_EXTENSIONS: Final = (".csv", ".tsv", ".txt")
JSON_EXTENSIONS: Final = (".jsonl", ".ndjson")
EXTENSIONS: Final = (*TEXT_EXTENSIONS, *JSON_EXTENSIONS, ".parquet")

_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # no text file holds them
_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_BUFFER_BYTES: Final = 1024 * 1024
_BATCH_RECORDS: Final = 65_536
_BLOCK_BYTES: Final = 16 * 1024 * 1024


@final
@dataclass(frozen=True)
class RawTable:
    """What a file or a frame holds, before its columns are understood."""

    columns: pa.Table
    """Columns of strings, or typed ones."""
    is_text: bool = False
    """Whether all columns are cells of text."""
    is_comma_decimal: bool = False
    """Whether cells are told apart by something other than commas, so that 3,14 may be a number."""
    notes: tuple[str, ...] = ()
    """What the user should know."""
    style: TextStyle | None = None
    """How the file is laid out, if it is delimited text."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """How the header spells names that have blanks around them."""
    has_header: bool = False
    """Whether the first line of a delimited text names the columns."""
    is_cut: bool = False
    """Whether a delimited text seems to end in the middle of a cell."""


def read_file(
    path: Path,
    *,
    has_header: bool | None,
    encoding: str | None,
    is_capped: bool = False,
    known: Sequence[str] = (),
) -> RawTable:
    """The table in a file.

    Args:
        path: A delimited text, JSON lines or Parquet file; text may be compressed with gzip.
        has_header: Whether the first record of a delimited text holds the columns' names; None: found.
        encoding: Of a text file; None: found.
        is_capped: Whether a random subset is enough, where there are very many records.
        known: Names of columns, by which a header is told from a record; empty: nobody knows them.

    Raises:
        DataError: There is no such file, or it is not such a table; the message says what and where.
        UsageError: There is no such encoding.
    """
    extension = _extension(path)
    start = _start_of(path)
    if start == _PARQUET or (extension == ".parquet" and not start.startswith(_GZIP)):
        return _read_parquet(path, is_capped)
    raw = _bytes_of(path)
    if raw.startswith(_PARQUET) or extension == ".parquet":
        return _read_parquet(pa.BufferReader(raw), is_capped)
    if extension not in EXTENSIONS and _CONTROLS.search(raw[:65_536]):
        raise DataError(
            f"the extension {extension or '(none)'} is not one of a table, and this is no text. "
            f"Wanted: {', '.join(EXTENSIONS)}, text also with .gz. Convert the file."
        )
    text, found, note = decode(raw, encoding)
    del raw  # one copy of the text is enough
    if not text.strip():
        raise DataError("the file holds nothing but blanks. Give a table with at least 2 records.")
    if extension in JSON_EXTENSIONS:
        table = _read_json(text)
    else:
        dialect = find_dialect(text, "\t" if extension == ".tsv" else None)
        style = style_of(text, dialect, found)
        first, *below = _first_records(text, dialect)
        is_told = has_header is not None
        named = has_header if has_header is not None else names_columns(first, below, known)
        table = replace(_read_text(text, dialect, first, named, is_capped, is_told=is_told), style=style)
    return replace(table, notes=(note, *table.notes) if note else table.notes)


def _extension(path: Path) -> str:
    if path.is_dir():
        if not any(path.iterdir()):
            raise DataError("this folder is empty. Give a table, or a folder of other records.")
        raise DataError(
            "this is a folder, and nothing in it tells what kind of data it holds. Give one file of the "
            "table, or name the kind with --kind."
        )
    if not path.exists():
        folder = path.parent
        names = sorted(item.name for item in folder.iterdir() if item.is_file()) if folder.is_dir() else []
        near = did_you_mean(path.name, names)
        advice = near if near.startswith("Did you mean") else "Check the path."
        raise DataError(f"there is no such file. {advice if folder.is_dir() else 'There is no such folder.'}")
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _start_of(path: Path) -> bytes:
    """The first four bytes.

    Raises:
        DataError: The file cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_PARQUET))
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror or error}. Check its permissions."
        ) from error
    if not start:
        raise DataError("the file is empty. Give a table with at least 2 records.")
    return start


def _bytes_of(path: Path) -> bytes:
    raw = path.read_bytes()
    if not raw.startswith(_GZIP):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"the gzip file is truncated or damaged ({error}). Copy or download it again."
        ) from error


def _read_parquet(source: Path | pa.BufferReader, is_capped: bool) -> RawTable:
    try:
        with pq.ParquetFile(source, buffer_size=_BUFFER_BYTES) as file:
            schema, n_records = file.schema_arrow, file.metadata.num_rows
            n_wanted = n_kept(len(schema)) if is_capped else None
            subset = Subset(schema, n_wanted, n_records)
            for batch in file.iter_batches(_BATCH_RECORDS):
                subset.add(batch)
        columns = subset.table()
        notes = (note_on(n_records, len(columns)),) if len(columns) < n_records else ()
        return RawTable(columns, notes=notes)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"the Parquet file is truncated or damaged ({error}). Copy or write it again."
        ) from error


def _read_text(
    text: str, dialect: Dialect, first: list[str], has_header: bool, is_capped: bool, *, is_told: bool
) -> RawTable:
    """The records below the header, which is told by the user or found."""
    names, notes = [name.strip() for name in first], list[str]()
    if has_header:
        check_names(names, _UNNAMED, _NO_HEADER)
    else:
        names = numbered_names(len(first))
        notes.append(f"the {len(names)} columns were named column_1 to column_{len(names)}")
        if not is_told:
            notes[-1] += ", as the first line is a record like those below it; --header takes it for names"
    subset, last = _parse(text, dialect, len(first), has_header, is_capped)
    if "\n" in last and text.count(dialect.quote) % 2:  # it swallowed all that follows
        raise DataError(
            f"record {subset.n_seen}: a quote is opened and never closed ({last[:40]!r}...). "
            "Close it, or double it if it belongs to the text."
        )
    table = subset.table().rename_columns(names)
    if dialect.is_spaced:
        table = pa.table([pc.utf8_ltrim_whitespace(column) for column in table.columns], names=names)
        notes.append("the blank after each delimiter was taken off the cells")
    if len(table) < subset.n_seen:
        notes.append(note_on(subset.n_seen, len(table)))
    is_kept = has_header and not dialect.is_spaced
    headers = {name: cell for name, cell in zip(names, first, strict=True) if is_kept and name != cell}
    is_ended = text.endswith(("\n", "\r"))
    return RawTable(
        table,
        True,
        dialect.delimiter != ",",
        tuple(notes),
        headers=headers,
        has_header=has_header,
        is_cut=not is_ended and is_cut(last.strip(), table.column(len(names) - 1)),
    )


def _first_records(text: str, dialect: Dialect) -> list[list[str]]:
    """The first line and some below it, as cells; of a long text none that may be cut."""
    end = 64 * 1024
    while True:
        records = records_of(text[:end], dialect)
        if end >= len(text):
            return records or [[]]
        if len(records) > 1:
            return records[:-1]
        end *= 8


_UNNAMED: Final = (
    " in the header. Name it, or leave it out (pandas writes such a column unless index=False is given)."
)
_NO_HEADER: Final = " If the file has no header, say so with --no-header."


def check_names(names: Sequence[str], cure: str = ". Give it one.", hint: str = "") -> None:
    """Raise DataError where a column has no name, or that of an earlier one."""
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name:
            raise DataError(f"column {number} has no name{cure}{hint}")
        if name in seen:
            raise DataError(f"two columns are called {name!r}. Give each its own name.{hint}")
        seen.add(name)


def _parse(
    text: str, dialect: Dialect, n_columns: int, has_header: bool, is_capped: bool
) -> tuple[Subset, str]:
    """The records, or some of very many, as cells of text, and the last cell of all."""
    raw = (text if text.endswith(("\n", "\r")) else text + "\n").encode()
    if dialect.is_spaced and dialect.quote in text:
        blank = f"{dialect.delimiter} {dialect.quote}".encode()
        raw = raw.replace(blank, blank.replace(b" ", b""))
    keys = [str(index) for index in range(n_columns)]
    bad: list[Any] = []

    def noted(row: Any) -> str:
        bad.append(row)
        return "error"

    try:
        batches = pa_csv.open_csv(
            io.BytesIO(raw),
            read_options=pa_csv.ReadOptions(
                column_names=keys,
                skip_rows_after_names=int(has_header),
                block_size=_BLOCK_BYTES,
                use_threads=False,  # a thread still reading at exit would abort the process
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote,
                double_quote=not dialect.has_escapes,
                escape_char="\\" if dialect.has_escapes else False,
                newlines_in_values=dialect.quote in text,
                ignore_empty_lines=n_columns > 1,
                invalid_row_handler=noted,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
        subset, last = Subset(batches.schema, n_kept(n_columns) if is_capped else None), ""
        for batch in batches:
            subset.add(batch)
            last = str(batch.column(n_columns - 1)[-1].as_py()) if len(batch) else last
    except pa.ArrowInvalid as error:
        raise DataError(
            _ragged(bad[0], has_header, text) if bad else f"the file cannot be read as a table: {error}."
        ) from error
    return subset, last


def _ragged(row: Any, has_header: bool, text: str) -> str:
    whole = str(row.text).rstrip()
    is_last = text.rstrip().endswith(whole) and row.actual_columns < row.expected_columns
    cure = "Look for a missing or a superfluous delimiter, or a quote that is never closed."
    if is_last and not text.endswith(("\n", "\r")):
        cure = "It is the last one, and its line has no end: the file seems to be cut off. Copy it again."
    number, like = row.number - int(has_header), "header" if has_header else "first record"
    return (
        f"record {number} ({whole[:60].rstrip()!r}) has {row.actual_columns} cells where "
        f"{row.expected_columns} are wanted, as in the {like}. {cure}"
    )


def _read_json(text: str) -> RawTable:
    import duckdb  # takes time, and most tables are none of these

    lines = [line for line in text.splitlines() if line.strip()]
    connection: Any = duckdb.connect(":memory:")
    with connection:
        connection.register("lines", pa.table({"line": pa.array(lines, pa.string())}))
        _refuse_bad_json(connection, lines)
        found = connection.sql("SELECT json_group_structure(line::JSON) FROM lines").fetchall()[0][0]
        structure: dict[str, Any] = json.loads(found)
        for name, kind in structure.items():
            if not isinstance(kind, str):
                raise DataError(
                    f"column {name!r} holds nested values "
                    f"({'a list' if isinstance(kind, list) else 'an object'}). "
                    "Spread them over several columns, or leave them out."
                )
        wanted = {name: _JSON_TYPES.get(kind, "VARCHAR") for name, kind in structure.items()}
        try:
            query = "SELECT unnest(from_json(line::JSON, $1)) FROM lines"
            table = connection.sql(query, params=[json.dumps(wanted)]).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(f"the JSON lines do not make a table: {error}.") from error
    check_names(list(structure), _UNNAMED, _NO_HEADER)
    return RawTable(table)


_JSON_TYPES: Final = {"BIGINT": "BIGINT", "UBIGINT": "BIGINT", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN"}


def _refuse_bad_json(connection: Any, lines: list[str]) -> None:
    query = """SELECT n, is_json FROM (
        SELECT row_number() OVER () AS n, json_valid(line) AS is_json,
               CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END AS is_object
        FROM lines)
        WHERE NOT is_object ORDER BY n LIMIT 1"""
    bad = connection.sql(query).fetchall()
    if bad:
        number, is_json = bad[0]
        what = "is JSON, but not an object of columns" if is_json else "is not valid JSON"
        if number == len(lines) > 1 and not is_json:
            what += ", and the last one, as if the file were cut off"
        raise DataError(
            f"record {number} {what}: {lines[number - 1][:60]!r}. Wanted: one JSON object on each line."
        )
