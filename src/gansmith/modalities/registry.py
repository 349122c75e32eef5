"""The kinds of data, by name; one line each. Nothing is imported before it is asked for.

Which kind some data is, its reader finds: see `gansmith.modalities.readers`.
"""

from __future__ import annotations

from typing import Final

from gansmith.modalities.base import AbstractModality
from gansmith.modalities.readers import made_of_kind, recognising_reader

KINDS: Final = {
    "image": "gansmith.modalities.image.modality:ImageModality",
    "table": "gansmith.modalities.table.modality:TableModality",
}


def find_modality(kind: str) -> AbstractModality:
    """The modality of that name.

    Raises:
        UsageError: When there is none, with the nearest known name.
    """
    return made_of_kind(KINDS, kind)


def recognise(source: object) -> AbstractModality:
    """The modality that the data looks like.

    Raises:
        DataError: When none recognises it.
    """
    return find_modality(recognising_reader(source).kind)
