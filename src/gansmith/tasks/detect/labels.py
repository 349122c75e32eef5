"""Which records are odd indeed, by a column of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import HasClasses
from gansmith.modalities.registry import Modality, needed
from gansmith.tasks.model import Model
from gansmith.tasks.opening import open_data


def has_label(source: object, label: str, model: Model) -> bool:
    """Whether the user's data has what says which of its records are odd."""
    try:
        labels_of(source, label, model.modality, read_with(model))
    except UsageError:
        return False
    return True


def read_with(model: Model) -> dict[str, Any]:
    """The options that say how such data is read as data of this kind."""
    options = {name: model.manifest["options"].get(name) for name in model.modality.asked_by}
    return {name: value for name, value in options.items() if value}


def labels_of(
    source: object, label: str, modality: Modality, options: Mapping[str, Any] | None = None
) -> Bool[np.ndarray, " n"]:
    """Which records a column of the user's own says to be odd.

    Args:
        source: The user's data.
        label: COLUMN=VALUE.
        modality: Its kind.
        options: How it is read.

    Raises:
        UsageError: When there is no such column, or no record, or every one, has the value.
    """
    column, found, value = label.partition("=")
    if not found:
        raise UsageError(f"label {label!r} is not COLUMN=VALUE. Write for example fraud=1.")
    known = needed(modality.recipe, HasClasses, modality.kind)
    opened = open_data(source, kind=modality.kind, options=options)
    classes = known.classes(opened.hand_over(), column)
    is_odd = np.array([text == value for text in classes.tolist()], bool)
    if not is_odd.any() or is_odd.all():
        some = sorted({str(text) for text in classes.tolist()})[:8]
        how_many = "every record has" if is_odd.all() else "no record has"
        raise UsageError(f"{how_many} {label}. Values of {column!r}: {', '.join(some)}.")
    return is_odd
