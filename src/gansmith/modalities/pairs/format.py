"""Pairs of records from files and in memory: how they are read, compared and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.format import AbstractFormat, Writer
from gansmith.modalities.grids import Grids, Translatable, spelt
from gansmith.modalities.pairs import PairOptions
from gansmith.modalities.pairs.records import Pairs, in_step, is_of_bits, matched
from gansmith.modalities.previews import PicturePreview, Preview, TextPreview
from gansmith.modalities.registry import Modality, needed, recognise

N_CHANNELS = {"": 0, "L": 1, "RGB": 3}
"""By the name that a user gives; 0: what most have."""


@final
class PairFormat(AbstractFormat[Any, PairOptions]):
    """Pairs of records of any kind that is `Translatable`."""

    kind: ClassVar[str] = "pairs"
    n_previewed: ClassVar[int] = 9

    def recognises(self, source: object) -> bool:
        """Nothing is a pair unless an option says so; see `Modality.asked_by`."""
        return False

    def read(self, source: object, options: PairOptions) -> Pairs:
        """Records, and what they are to be turned into: the option `to`, or the second of a tuple.

        Raises:
            DataError: They are missing or malformed, no pairs, or of a kind that cannot be translated.
        """
        given, wanted = source, cast("object", options.to)
        if isinstance(source, tuple) and len(cast("tuple[Any, ...]", source)) == 2:
            given, wanted = cast("tuple[Any, Any]", source)
        given, wanted = in_arrays(given), in_arrays(wanted)
        has_target = not isinstance(wanted, str) or bool(wanted)
        if options.task == "paired" and not has_target:
            raise UsageError("nothing says what records are to be turned into. Give to, upscale or restore.")
        modality = kind_of(given)
        translating = needed(modality.format, Translatable, modality.kind)
        if options.channels not in N_CHANNELS:
            raise UsageError(f"channels {options.channels!r}: pairs are read as L (grey) or RGB.")
        own = self._own(modality, options)
        n_channels = N_CHANNELS[options.channels]
        first = translating.read_grids(given, own, n_channels)
        if not has_target:
            if not len(first):
                raise DataError(f"{first.name}: nothing there to learn from. Give at least one record.")
            every, notes = np.arange(len(first)), (*first.notes, *_few(len(first)))
            return Pairs(None, first, every, every, options.task, modality.kind, first.name, notes)
        other = kind_of(wanted)
        if other.kind != modality.kind:
            raise DataError(
                f"{first.name} is of kind {modality.kind!r}, what it is to be turned into of kind "
                f"{other.kind!r}. Give two of one kind."
            )
        second = translating.read_grids(wanted, own, n_channels)
        is_named = isinstance(given, (str, Path)) and isinstance(wanted, (str, Path))
        pairs = matched(first, second, by_order=not is_named)
        first, second = in_step(translating, first, second, *pairs[:2])
        if not options.size:
            _check_sides(first, second, *pairs[:2])
        name = f"{first.name} to {second.name}"
        notes = (*first.notes, *second.notes, *pairs[2], *_few(len(pairs[0])))
        if is_of_bits(first):
            raise DataError(
                f"{first.name}: nothing but 0 and 1 of {first.highest:g}, all of it is black. Scale them to "
                f"0 and {first.highest:g}, here and wherever the model is applied."
            )
        if has_bits := is_of_bits(second):
            notes = (*notes, f"{second.name} holds 0 and 1: they are taken for black and white")
        return Pairs(first, second, *pairs[:2], "paired", modality.kind, name, notes, has_bits)

    def _own(self, modality: Any, options: PairOptions) -> Any:
        """The options of the kind of the records."""
        return modality.options(strict=options.strict) if options.strict else modality.options()

    def read_like(self, source: object, like: Pairs) -> Pairs:
        raise UsageError(
            "a model of pairs turns records into others, and is not asked about a set of them. Use gansmith "
            "apply, with --truth to measure it."
        )

    def fingerprint(self, records: Any) -> str:
        if isinstance(records, Pairs):
            return records.fingerprint
        return blake2b(records.tobytes(), digest_size=16).hexdigest()

    def join(self, blocks: Sequence[Any]) -> Any:
        return np.concatenate(blocks)

    def writer(self, path: Path, like: Any, metadata: Mapping[str, str], options: PairOptions) -> Writer:
        raise UsageError(
            "this model makes nothing of noise: it turns records into others. "
            "Use gansmith apply MODEL IN -o OUT."
        )

    def overview(self, records: Pairs) -> list[dict[str, str]]:
        rows = [{"part": "wanted", "kind": records.kind, "holds": said_of(records.target)}]
        if records.source is not None:
            rows.insert(0, {"part": "given", "kind": records.kind, "holds": said_of(records.source)})
        return rows

    def preview(self, records: np.ndarray) -> Preview:
        """What was made, shape `(n, n_channels, *grid)`, 0 to 255."""
        return shown(records)


def shown(records: np.ndarray) -> Preview:
    """Records, shape `(n, n_channels, *grid)`, 0 to 255: as pictures where they can be such."""
    if records.ndim != 4 or records.shape[1] not in (1, 3):
        return TextPreview(f"{len(records):,} records of {records.shape[1:]} values")
    pixels = records[:, 0] if records.shape[1] == 1 else records.transpose(0, 2, 3, 1)
    return PicturePreview(np.ascontiguousarray(pixels), 255)


def in_arrays(source: object) -> object:
    """A list of records in memory, such as Pillow's pictures, as one of arrays."""
    if isinstance(source, list) and source and not isinstance(source[0], (str, Path)):
        return [np.asarray(one) for one in cast("list[Any]", source)]
    return source


def kind_of(source: object) -> Modality:
    """The kind of records; one that can be translated, where they can be taken for such."""
    examples = [source]
    if isinstance(source, (str, Path)):
        if not Path(source).exists():
            raise DataError(f"{source}: is not there. Check the name.")
        if Path(source).is_dir() and not any(Path(source).iterdir()):
            raise DataError(f"{source}: an empty folder. Give one with files to learn from.")
        examples.append([source])  # a file by itself
    elif isinstance(source, list) and source and not isinstance(source[0], (str, Path)):
        examples = [cast("list[Any]", source)[0][None]]  # records of several sizes
    found = [recognise(one) for one in examples]
    return next((one for one in found if isinstance(one.format, Translatable)), found[0])


def _few(n: int) -> tuple[str, ...]:
    said = "there is one record to learn from, and none to be measured on: others will look like it"
    return (said,) if n == 1 else ()


def _check_sides(source: Grids, target: Grids, of_source: np.ndarray, of_target: np.ndarray) -> None:
    """Raise DataError unless the records of each pair are of one size."""
    for one, other in zip(of_source.tolist(), of_target.tolist(), strict=True):
        ours, theirs = tuple(source.sizes[one]), tuple(target.sizes[other])
        if ours != theirs:
            raise DataError(
                f"{source.names[one]}: {spelt(ours)} in {source.name}, {spelt(theirs)} in {target.name}. "
                "The records of a pair are of one size: scale them, or bring both to one with --size."
            )


def said_of(grids: Grids) -> str:
    """How many records, and of which form."""
    return f"{len(grids):,} of {grids.holds}"
