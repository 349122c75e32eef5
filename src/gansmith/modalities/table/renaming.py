"""Tables of people under new identities: names, addresses, numbers made anew, the same for all rows of one.

What is made anew is what a model of the table would make anew: keys, names, e-mail addresses, phone numbers,
as far as their columns are recognised as such. All else stays letter for letter, and is listed: who is 97
years old and lives in a village has not become anybody else.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.anonymizing import Renamed
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.schema import Table

PICTURES: Final = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".pgm")


def renamed(source: str, output: Path, person: str, seed: int) -> Renamed:
    """Write a table of people under new identities, and say which pictures are whose.

    Args:
        source: A table with a column of file names of pictures.
        output: The table that is written.
        person: The column that says whose row it is; empty: that of the pictures.
        seed: Another seed, other identities.

    Raises:
        DataError: There is no column of pictures, or the table cannot be read or written.
        UsageError: There is no such column.
    """
    format_, options = TableFormat(), TableOptions()
    table = format_.read(source, options)
    names = [column.name for column in table.schema.columns]
    pictures = next((name for name in names if _are_pictures(table, name)), None)
    if pictures is None:
        raise DataError(f"{source}: no column ({', '.join(names)}) holds file names of pictures. Add one.")
    if person and person not in names:
        raise UsageError(f"person {person!r}: there is no such column. {did_you_mean(person, names)}")
    whose = [repr(one) for one in table.records[person or pictures].to_pylist()]
    first = {one: place for place, one in reversed([*enumerate(whose)])}
    people = sorted(first.values())
    number = {whose[place]: index for index, place in enumerate(people)}
    rows = np.array([number[one] for one in whose])
    codec = replace(TableCodec.fit(table, options, seed), sample=seed)
    made = codec.decode(codec.encode(table.take(np.array(people)), seed), seed, 0).take(rows)
    anew = [one.name for one in table.schema.columns if one.traits.is_made_anew and one.name != pictures]
    files = [None if one is None else str(one) for one in table.records[pictures].to_pylist()]
    new = _new_names([one for one in files if one])
    columns = {name: (made if name in anew else table).records[name] for name in names}
    columns[pictures] = pa.array([None if one is None else new[one] for one in files], pa.string())
    if person and person not in (*anew, pictures):  # a key that comes again is none to a model of rows
        columns[person] = pa.array(rows + 1).cast(table.records[person].type)
        anew.append(person)
    written = replace(table, records=pa.table(columns, schema=table.schema.arrow_schema))
    with format_.writer(output, table.take(np.arange(0)), {}, options) as writer:
        writer.write(written)
    kept = tuple(name for name in names if name not in (*anew, pictures))
    who = {one: whose[place] for place, one in reversed([*enumerate(files)]) if one}
    return Renamed(new, who, tuple(anew), kept)


def _are_pictures(table: Table, name: str) -> bool:
    cells = [one for one in table.records[name].to_pylist() if one is not None]
    return bool(cells) and all(str(one).lower().endswith(PICTURES) for one in cells)


def _new_names(files: list[str]) -> dict[str, str]:
    """For each file a name that says nothing, in the order in which they come first."""
    distinct = list(dict.fromkeys(files))
    return {one: f"{number:05d}{PurePosixPath(one).suffix.lower()}" for number, one in enumerate(distinct)}
