"""Records by the classes of an attribute, for contests against imbalance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.attributes import Attributes, HasAttributes


def classes_of(attributes: Attributes, target: str, name: str, nouns: str) -> np.ndarray:
    """The values of an attribute as texts, None where they are not known; shape `(n,)`.

    Args:
        attributes: Of the records.
        target: One of them.
        name: Where the records came from, for messages.
        nouns: What they are, such as "pictures".

    Raises:
        UsageError: There is no such attribute; the nearest is named.
    """
    columns = attributes.columns
    if target not in columns:
        near = did_you_mean(target, columns) if columns else f"Nothing is known of these {nouns}."
        raise UsageError(f"{name}: {nouns} have no attribute {target!r}. {near}")
    return np.array([_text(value) for value in columns[target].tolist()], object)


def _text(value: object) -> str | None:
    if isinstance(value, float):
        return None if np.isnan(value) else f"{value:g}"
    return None if value is None else str(value)


def marked_ones(parts: Sequence[HasAttributes], marks: Sequence[bool], name: str) -> list[Any]:
    """Each set with "yes" or "no" as an attribute of that name."""
    found = list[Any]()
    for part, mark in zip(parts, marks, strict=True):
        column = np.full(len(part), "yes" if mark else "no", object)
        found.append(part.with_attributes(Attributes({**part.attributes.columns, name: column})))
    return found
