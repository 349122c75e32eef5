"""The kinds of data, by name; one line each. Nothing is imported before it is asked for.

Where the kind is to be found from the data they are asked in this order: tables take whatever is left.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.base import AbstractModality

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
    for kind in KINDS:
        modality = find_modality(kind)
        if modality.recognises(source):
            return modality
    raise DataError(
        f"{source!r:.200}: no kind of data is recognised. Say which with --kind: {', '.join(KINDS)}."
    )
