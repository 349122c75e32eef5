"""The metadata files of the Synthetic Data Vault (SDV): taken as a schema, and written from one.

Its files say what columns mean, ours what they are. So metadata is laid over what is found in the data: where
it says no more than what is there, what is there stays, with its precision and spelling. What has no place
here gives a note.

Source:
    "Metadata JSON" and "Sdtypes" in the public documentation of SDV (docs.sdv.dev), versions V1,
    SINGLE_TABLE_V1 and MULTI_TABLE_V1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.tabular.columns import kind_called
from gansmith.tabular.columns.dates import has_clock
from gansmith.tabular.schema import Column, Schema, SemanticType, is_object

VERSION_KEY: Final = "METADATA_SPEC_VERSION"
VERSIONS: Final = ("V1", "SINGLE_TABLE_V1", "MULTI_TABLE_V1")

_FITTING: Final[Mapping[str, str]] = {
    "numerical": "decimal", "categorical": "category", "boolean": "boolean", "datetime": "date",
    "id": "identifier",
}  # fmt: skip
"""What a column becomes that an sdtype is given for which does not fit what was found."""

_SEMANTIC_TYPES: Final[Mapping[str, SemanticType]] = {
    "email": "email", "name": "name", "first_name": "first_name", "last_name": "last_name",
    "address": "address", "street_address": "address", "phone_number": "phone", "company": "company",
    "url": "url", "ipv4_address": "ip", "iban": "iban", "credit_card_number": "card", "uuid4": "uuid",
}  # fmt: skip
"""What is invented for sdtypes of personal data, by name; those that are not here become text."""
_SPELT: Final = {semantic_type: sdtype for sdtype, semantic_type in reversed(_SEMANTIC_TYPES.items())}
"""The sdtype of each thing that is invented, where several stand for it the first."""

_WIDTHS: Final = {"double": "Float", "float": "Float"}
_COLUMN_KEYS: Final = ("sdtype", "datetime_format", "pii", "computer_representation")
_TABLE_KEYS: Final = ("columns", "primary_key", "alternate_keys", VERSION_KEY)


Said = Mapping[str, Mapping[str, Any]]
"""What metadata says of columns, by name: the sdtype and what goes with it."""


def is_sdv(schema: Mapping[str, Any]) -> bool:
    """Whether this is metadata of SDV rather than a schema of ours, whose columns are a list."""
    return VERSION_KEY in schema or any(is_object(schema.get(key)) for key in ("tables", "columns"))


def choose_table(metadata: Mapping[str, Any], file_stem: str) -> Mapping[str, Any]:
    """The one table of the metadata that the data is: the only one, or that with the name of the data's file.

    Args:
        metadata: Of one table or of several.
        file_stem: The data's file name without its ending; empty for data in memory.

    Raises:
        UsageError: There are several, and none has that name.
        DataError: It is no object.
    """
    if "tables" not in metadata:
        return metadata
    tables = metadata["tables"]
    if not is_object(tables) or not all(map(is_object, tables.values())):
        raise DataError("the metadata: 'tables' must be an object with an object for each table.")
    wanted = next(iter(tables)) if len(tables) == 1 else file_stem
    if wanted not in tables:
        raise UsageError(
            f"the metadata is of {len(tables)} tables: {', '.join(map(repr, tables))}. Say which of them the "
            "data is with --schema-table NAME; one table is learnt at a time."
        )
    return {**tables[wanted], VERSION_KEY: metadata.get(VERSION_KEY, VERSIONS[0])}


def table_of(metadata: Mapping[str, Any]) -> tuple[Said, list[str]]:
    """What metadata of a single table says, and notes on what has no place in a schema here.

    Raises:
        DataError: It is not of the form that SDV documents.
    """
    version = metadata.get(VERSION_KEY, VERSIONS[0])
    if version not in VERSIONS:
        raise DataError(f"the metadata is of version {version!r}. Known: {', '.join(VERSIONS)}.")
    found = metadata.get("columns")
    if not is_object(found) or not found:
        raise DataError("the metadata: 'columns' must be an object with an entry for each column.")
    for name, given in found.items():
        if not is_object(given) or not isinstance(given.get("sdtype"), str):
            raise DataError(
                f"the metadata: column {name!r} has no 'sdtype'. Give it one, such as categorical."
            )
    notes = [
        f"the metadata says {key!r}, which has no place here: left out"
        for key, value in metadata.items()
        if key not in _TABLE_KEYS and value
    ]
    lost = sorted({key for given in found.values() for key in given if key not in _COLUMN_KEYS})
    if lost:
        told = ", ".join(map(repr, lost))
        notes.append(f"the metadata says {told} of columns: found from the data instead")
    keys = [metadata.get("primary_key"), *(metadata.get("alternate_keys") or [])]
    for key in keys:
        if isinstance(key, str) and key not in found:
            raise DataError(f"the metadata: the key {key!r} is no column. {did_you_mean(key, found)}")
        if isinstance(key, list) and len(cast("list[object]", key)) > 1:
            notes.append(f"the metadata has a key of several columns, {key}: each is learnt by itself")
    single = {key for key in keys if isinstance(key, str)}
    return {name: {**given, "is_key": name in single} for name, given in found.items()}, notes


def schema_by(said: Said, found: Schema) -> tuple[Schema, list[str]]:
    """The schema that was found in the data, with what the metadata knows better, and notes.

    Raises:
        DataError: The columns are not the same.
    """
    for name in said:
        if name not in found.names:
            raise DataError(
                f"column {name!r} of the metadata is not in the table. {did_you_mean(name, found.names)}"
            )
    for name in found.names:
        if name not in said:
            raise DataError(f"column {name!r} is not in the metadata. {did_you_mean(name, said)}")
    notes: list[str] = []
    columns: list[Column] = []
    for column in found.columns:
        given = said[column.name]
        columns.append(_by(given, column))
        if columns[-1].traits.is_unique and not column.traits.is_unique:
            notes.append(f"column {column.name!r}: an id; each will be new, also where the real ones repeat")
        is_personal = given["sdtype"] not in _FITTING and given.get("pii") is not False
        if is_personal and not _keeps_nothing(columns[-1]):
            notes.append(
                f"column {column.name!r}: sdtype {given['sdtype']!r} stands for personal data; it is learnt "
                f"as {column.kind}, as its values are no text. --column {column.name}:KIND overrules that"
            )
    return Schema(tuple(columns)), notes


def _by(given: Mapping[str, Any], column: Column) -> Column:
    """One column, as the metadata has it."""
    sdtype, form = given["sdtype"], given.get("datetime_format")
    if given.get("is_key"):
        return _as(column, "identifier")
    if sdtype == "datetime" and isinstance(form, str) and form:
        kind = "datetime" if has_clock(form) else "date"
        is_text = column.stored_as in ("", "string", "large_string", "string_view")
        is_spelt_so = not is_text or column.format in ("", form)
        is_fitting = "datetime" in column.traits.sdtypes and column.traits.is_varied and is_spelt_so
        return column if is_fitting else replace(_as(column, kind), format=form)
    if sdtype in _FITTING:
        return column if sdtype in column.traits.sdtypes else _as(column, _FITTING[sdtype])
    if given.get("pii") is False or _keeps_nothing(column):
        return column
    if column.traits.is_number and column.traits.is_whole:
        return _as(column, "identifier")
    if not column.traits.rare_as:
        return column
    if semantic_type := _SEMANTIC_TYPES.get(sdtype):
        return replace(_as(column, "invented"), semantic_type=semantic_type)
    return _as(column, "text")


def _keeps_nothing(column: Column) -> bool:
    """Whether nothing personal is kept of the column anyway."""
    return column.traits.is_made_anew or not column.traits.is_varied


def _as(column: Column, kind: str) -> Column:
    """A column of another kind, with what was found of the old one forgotten."""
    if column.kind == kind:
        return column
    type = column.type if column.type in kind_called(kind).types else ""
    return Column(column.name, kind, type, missing_mark=column.missing_mark)


def to_sdv(schema: Schema, name: str) -> dict[str, Any]:
    """A schema as metadata of version V1, of one table of that name."""
    columns: dict[str, dict[str, Any]] = {}
    keys: list[str] = []
    for column in schema.columns:
        known = column.traits.sdtypes or (_SPELT.get(column.semantic_type, "unknown"),)
        said: dict[str, Any] = {"sdtype": known[0]}
        if said["sdtype"] == "numerical":
            width = column.type.title().replace("Ui", "UI")
            said["computer_representation"] = _WIDTHS.get(column.type, width)
        elif said["sdtype"] == "datetime":
            said["datetime_format"] = column.format or _iso(column)
        elif said["sdtype"] == "id" and not column.missing_rate:
            keys.append(column.name)
        elif column.traits.is_made_anew and not column.traits.is_unique:
            said["pii"] = True
        columns[column.name] = said
    table: dict[str, Any] = {"columns": columns}
    if keys:
        table["primary_key"] = keys[0]
    if keys[1:]:
        table["alternate_keys"] = keys[1:]
    return {VERSION_KEY: VERSIONS[0], "tables": {name: table}, "relationships": []}


def _iso(column: Column) -> str:
    """How dates and times without a format of their own are spelt."""
    if pa.types.is_date(column.arrow_type):
        return "%Y-%m-%d"
    if pa.types.is_time(column.arrow_type):
        return "%H:%M:%S"
    return "%Y-%m-%d %H:%M:%S" if column.granularity_seconds else "%Y-%m-%d %H:%M:%S.%f"
