"""Marks that say of records that they were made: which of them are written, and what files say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gansmith.modalities.marking import Found, Marking
from gansmith.modalities.registry import KINDS, Modality, find_modality, needed, offered


def mark_of(modality: Modality, like: Any, options: Any) -> dict[str, str]:
    """Which mark records like these carry in files, for their provenance; nothing of kinds that have none."""
    marking = offered(modality.format, Marking)
    return {} if marking is None else {"watermark": marking.mark_of(like, options)}


def unmarked(modality: Modality, options: Any) -> Any:
    """Options of the kind by which no record gets a mark, such as for real ones."""
    marking = offered(modality.format, Marking)
    return options if marking is None else marking.unmarked(options)


def marks_in(source: str, kind: str = "") -> Iterator[Found]:
    """What each record of a file, a folder or an archive says.

    Args:
        source: Where they are.
        kind: Of data; "" takes the one with marks that they look like, or else pictures.

    Raises:
        DataError: Nothing is there, or nothing that can be read.
        UsageError: Records of this kind carry no marks.
    """
    marking = (one for one in KINDS.values() if offered(one.format, Marking) is not None)
    kind = kind or next((one.kind for one in marking if one.format.recognises(source)), "image")
    return needed(find_modality(kind).format, Marking, kind).marks_in(source)
