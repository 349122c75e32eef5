"""Imputing the gaps of partial records with a model: what is there stays letter for letter.

Several seeds give several imputations (multiple imputation): where they differ, the model is not sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gansmith.modalities.recipe import Imputing, Partial
from gansmith.modalities.registry import needed, options_of
from gansmith.tasks.model import Model, sealed, write_provenance


def read_partial(
    model: Model,
    source: object,
    *,
    keep_missing: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Partial:
    """Records with gaps: missing cells, and columns that are not there at all.

    Args:
        model: Knows what the records are like.
        source: A path, a data frame, an Arrow table, ...; one record will do.
        keep_missing: Whether a cell may stay missing, where the model would leave it so.
        options: Of the kind of data, by name.

    Raises:
        DataError: When it cannot be read, or holds a column that the model does not know.
        UsageError: When the model is of data without gaps.
    """
    modality = model.modality
    imputing = needed(modality.recipe, Imputing, modality.kind)
    settled = options_of(modality, "complete", options or {})
    return imputing.partial(model.codec, source, settled, keep_missing=keep_missing)


def imputed(model: Model, partial: Partial, seed: int = 0) -> Any:
    """The whole records, in the type of the caller's own data."""
    return partial.returned(list(model.made(len(partial), seed, partial, is_screened=False)))


def write_imputed(model: Model, partial: Partial, path: str | Path, seed: int = 0) -> dict[str, Any]:
    """Write the whole records block by block and, in PATH.meta.json beside them, where they came from.

    Args:
        model: Fills the gaps.
        partial: See `read_partial`.
        path: The format is that of its name; "-" is standard output, without a file beside it.
        seed: Another seed, another imputation.

    Returns:
        The provenance.

    Raises:
        UsageError: When there is no such format.
        DataError: When it cannot be written; what stood there before stays.
    """
    asked = {"imputed": partial.name, "n_gaps": partial.n_gaps}
    provenance = model.provenance(len(partial), seed, asked)
    with partial.writer(Path(path), sealed(provenance)) as writer:
        for block in model.made(len(partial), seed, partial, is_screened=False):
            writer.write(block)
    write_provenance(path, provenance)
    return provenance
