"""The manifest of a model file of format 3 as one of the present format; all else is the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMAT: Final = 3
_MAX_BLOCKS: Final = 16


def upgraded(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest of format 3 as one of format 4: the generator of a table has one width for each block.

    What is no manifest of format 3 stays as it is, and is refused as a damaged one of format 4 would be.

    Example:
        >>> upgraded({"networks": {"generator_width": 8, "n_blocks": 2, "n_revisions": 1}})
        {'networks': {'n_revisions': 1, 'generator_widths': [8, 8]}}
    """
    match manifest:
        case {"networks": {"generator_width": width, "n_blocks": int(n_blocks), **others}} if (
            1 <= n_blocks <= _MAX_BLOCKS
        ):
            return {**manifest, "networks": {**others, "generator_widths": [width] * n_blocks}}
        case _:
            return dict(manifest)
