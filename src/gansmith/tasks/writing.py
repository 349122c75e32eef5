"""Records on their way out: how many are made, where they go, and what says where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gansmith.modalities.format import Addressed, Writer
from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.registry import Modality, needed, offered, options_of
from gansmith.modalities.sizing import Sizing
from gansmith.store import as_json, write_whole
from gansmith.store.address import is_address

USUAL: Final = 1000
"""Records that are made where nobody says how many."""


def writer_for(modality: Modality, path: str, like: Any, sealed: Mapping[str, str], options: Any) -> Writer:
    """What records such as `like` are written with: a file, or what stands behind an address."""
    if is_address(path):
        return needed(modality.format, Addressed, modality.kind).address_writer(path, like, sealed, options)
    return modality.format.writer(Path(path), like, sealed, options)


def n_asked(
    modality: Modality, codec: AbstractCodec[Any, Any], n: int | None, options: Mapping[str, Any]
) -> tuple[int, str]:
    """How many records are to be made, and that in words: 1,000 where nobody says.

    Raises:
        UsageError: A number is given to a kind of data that goes by something else.
    """
    sizing = offered(modality.recipe, Sizing)
    if sizing is None:
        n = USUAL if n is None else n
        return n, f"{n:,} records"
    settled = options_of(modality, "sample", options)
    n = sizing.n_records(codec, settled, n)
    return n, sizing.counted(codec, settled, n)


def sealed(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Provenance as it stands inside a file, where the format has a place for it."""
    return {"gansmith": json.dumps(provenance, sort_keys=True)}


def write_blocks(path: str | Path, to: Writer, blocks: Iterator[Any], provenance: Mapping[str, Any]) -> None:
    """Write all blocks, and their provenance beside the file at `path`; "-", standard output, has none."""
    with to as writer:
        for block in blocks:
            writer.write(block)
    if str(path) != "-" and not is_address(str(path)):
        write_whole(Path(f"{Path(path)}.meta.json"), as_json(provenance) + b"\n")
