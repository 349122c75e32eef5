"""The kinds of data, by name; one line each. Nothing is imported before it is asked for.

Which kind some data is, its reader finds: see `gansmith.modalities.readers`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.base import AbstractModality
from gansmith.modalities.readers import recognising_reader

KINDS: Final = {
    "image": "gansmith.modalities.image.modality:ImageModality",
    "table": "gansmith.modalities.table.modality:TableModality",
}


def find_modality(kind: str) -> AbstractModality:
    """The modality of that name.

    Raises:
        UsageError: When there is none, with the nearest known name.
    """
    if kind not in KINDS:
        raise UsageError(f"kind {kind!r} is not known. {did_you_mean(kind, KINDS)}")
    module, _, name = KINDS[kind].partition(":")
    found: type[AbstractModality] = getattr(import_module(module), name)
    return found()


def recognise(source: object) -> AbstractModality:
    """The modality that the data looks like.

    Raises:
        DataError: When none recognises it.
    """
    return find_modality(recognising_reader(source).kind)
