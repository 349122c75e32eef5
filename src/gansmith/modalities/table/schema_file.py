"""A schema as a user gives it: in a file or in plain values, alone or within something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from gansmith.errors import DataError, UsageError, did_you_mean


def schema_of(source: Mapping[str, Any] | str | Path, table: str = "") -> Mapping[str, Any]:
    """A schema from a JSON file or from plain values, alone or within what `gansmith show --json` prints.

    Args:
        source: The file, or what stands in it; the metadata of other systems is handed on as it is.
        table: The one that is meant, where metadata is of several.

    Raises:
        DataError: When the file is missing, or holds no JSON object.
        UsageError: When there is no such table.
    """
    found: object = source
    if isinstance(source, str | Path):
        try:
            found = json.loads(Path(source).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(
                f"{source}: {error}. Give a JSON file, such as `gansmith show DATA --json` prints."
            ) from error
    if not isinstance(found, Mapping):
        raise DataError(f"{source}: wanted a JSON object, as `gansmith show DATA --json` prints it.")
    values = cast("Mapping[str, Any]", found)
    if table:
        tables = values.get("tables")
        if not isinstance(tables, Mapping) or table not in tables:
            known = cast("Mapping[str, Any]", tables) if isinstance(tables, Mapping) else {}
            raise UsageError(f"the schema has no table {table!r}. {did_you_mean(table, known)}")
        values = {**values, "tables": {table: tables[table]}}
    inner = values.get("schema", values)
    if not isinstance(inner, Mapping):
        raise DataError(f"{source}: its schema is no JSON object. Print one with `gansmith show --json`.")
    return cast("Mapping[str, Any]", inner)
