"""Small grey pictures as a kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, cast, final

import numpy as np
from torch import Tensor, nn

from gansmith.engine.batches import Conditioning
from gansmith.engine.games.base import AbstractRules
from gansmith.engine.monitors import coverage
from gansmith.engine.tensors import Samples
from gansmith.errors import DataError, UsageError
from gansmith.modalities.base import AbstractModality, Compact, Partial, Plan, Reading, Request
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.networks import ImageNetworks, networks_for
from gansmith.modalities.image.pictures import Pictures, joined
from gansmith.modalities.image.presets import PRESETS, find_preset
from gansmith.modalities.image.reader import ImageReader
from gansmith.modalities.image.reading import read_alike
from gansmith.modalities.image.terminal import as_numbers, as_shades
from gansmith.modalities.image.writing import PictureWriter
from gansmith.modalities.where import Where
from gansmith.settings import from_plain

_READER: Final = ImageReader()
_N_PREVIEWED: Final = 4
_MAX_SHADED_SIDE: Final = 32
_VALUES_PER_BLOCK: Final = 1 << 18


@final
class ImageModality(AbstractModality):
    """Small grey pictures from a table of pixels, learnt by fully connected players."""

    kind: ClassVar[str] = "image"
    presets: ClassVar[Mapping[str, str]] = {name: preset.meaning for name, preset in PRESETS.items()}

    def recognises(self, source: object) -> bool:
        """See `ImageReader`."""
        return _READER.recognises(source)

    def read(self, source: object, reading: Reading) -> Pictures:
        """See `ImageReader`."""
        return _READER.read(source, reading)

    def read_alike(self, source: object, like: Pictures) -> Pictures:
        """Pictures of the same size and the same white as `like`."""
        return read_alike(source, like)

    def read_for(self, codec: ImageCodec, source: object) -> Pictures:
        """Pictures of the codec's size and white."""
        like = Pictures(np.zeros((1, codec.height, codec.width), int), None, codec.highest, "the model")
        return read_alike(source, like)

    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """Refuse: pictures have no target.

        Raises:
            UsageError: Always.
        """
        raise UsageError("pictures have no target to predict. Leave y out.")

    def names(self, codec: ImageCodec) -> tuple[str, ...]:
        """None: pixels have no names."""
        return ()

    def fingerprint(self, records: Pictures) -> str:
        """The same text for the same pictures and labels."""
        return records.fingerprint

    def check_target(self, records: Pictures, target: str) -> None:
        """See `ImageReader`."""
        _READER.check_target(records, target)

    def fit_codec(self, records: Pictures, preset: str, seed: int, min_count: int = 0) -> ImageCodec:
        """The pictures' size and brightest value; no pixel tells whose picture it is."""
        find_preset(preset)
        return ImageCodec.fit(records)

    def remarks(self, codec: ImageCodec, records: Pictures, target: str) -> tuple[str, ...]:
        """None: all of a picture is kept."""
        return ()

    def unknown(self, codec: ImageCodec, records: Pictures) -> tuple[str, ...]:
        """Nothing, of pictures of the codec's size and white.

        Raises:
            DataError: They are of another size or white.
        """
        have = (*records.pixels.shape[1:], records.highest)
        wanted = codec.height, codec.width, codec.highest
        if have != wanted:
            raise DataError(
                f"{records.name}: pictures of {have[0]} x {have[1]} pixels up to {have[2]}; the model knows "
                f"{wanted[0]} x {wanted[1]} up to {wanted[2]}. Bring them to that size and range."
            )
        return ()

    def load_codec(self, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> ImageCodec:
        """The codec that `state` came from."""
        return ImageCodec.from_state(state)

    def encode(self, codec: ImageCodec, records: Pictures, seed: int) -> Compact:
        """Pictures as samples, shape `(n, height * width)`, in [0, 1]."""
        return codec.encode(records)

    def decode(self, codec: ImageCodec, compact: Compact, seed: int, first_index: int) -> Pictures:
        """Samples as pictures; nothing is left open, so the seed has no say."""
        return codec.decode(compact)

    def n_heldout(self, n_records: int, preset: str) -> int:
        """How many pictures choose the model; see `presets`."""
        return find_preset(preset).n_heldout(n_records)

    def plan(self, codec: ImageCodec, n_records: int, preset: str) -> Plan:
        """Sizes, rules and length; see `presets`."""
        return find_preset(preset).plan(codec.n_values, n_records)

    def networks(self, values: Mapping[str, Any]) -> ImageNetworks:
        """The networks' configuration from plain JSON, checked."""
        return from_plain(ImageNetworks, values)

    def build(self, codec: ImageCodec, networks: ImageNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        """New networks for a game."""
        return networks_for(codec.n_values, networks, rules)

    def conditioning(self, codec: ImageCodec) -> Conditioning | None:
        """None: pictures are made without conditions."""
        return None

    def request(self, codec: ImageCodec, where: Where, balance: str = "") -> Request:
        """Nothing can be asked for.

        Raises:
            UsageError: Always.
        """
        asked = next(iter(where), balance) or "nothing"
        raise UsageError(
            f"this model draws pictures without labels, so {asked!r} cannot be asked for. "
            "Learn from the wanted pictures alone: gansmith fit --where label=2."
        )

    def partial(self, codec: ImageCodec, source: object, reading: Reading, *, keep_missing: bool) -> Partial:
        """Pictures have no gaps.

        Raises:
            UsageError: Always.
        """
        raise UsageError("a picture has no cells to be filled in. Give a model of a table.")

    def held_out_score(
        self, codec: ImageCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        """Coverage of held-out pictures."""
        return coverage

    def block_size(self, codec: ImageCodec) -> int:
        """About a quarter of a million pixels."""
        return max(1, _VALUES_PER_BLOCK // codec.n_values)

    def join(self, blocks: Sequence[Pictures]) -> Pictures:
        """Several blocks of pictures as one."""
        return joined(blocks)

    def returned(self, codec: ImageCodec, records: Pictures, source: object) -> np.ndarray:
        """An array in the caller's type: `(n, n_values)` where rows were given, else `(n, height, width)`."""
        given: Any = cast("Any", source)[0] if isinstance(source, tuple) else source
        if isinstance(given, Mapping):
            given = cast("Mapping[str, Any]", given)["images"]
        if not isinstance(given, np.ndarray):
            return records.pixels
        pixels = records.pixels.reshape(len(records), codec.n_values) if given.ndim == 2 else records.pixels
        return pixels.astype(given.dtype)

    def writer(
        self, codec: ImageCodec, path: Path, metadata: Mapping[str, str], *, safe_csv: bool
    ) -> PictureWriter:
        """A `.csv`, `.npy` or `.png` file; pixels are no formulas, so every CSV is safe."""
        return PictureWriter(path, codec, metadata)

    def preview(self, codec: ImageCodec, records: Pictures) -> str:
        """A few pictures in shades, and the first one as numbers."""
        if not len(records):
            return "no pictures"
        if max(codec.height, codec.width) > _MAX_SHADED_SIDE:
            size = f"{codec.height} x {codec.width} pixels"
            return f"{len(records):,} pictures of {size}; write them to a .png to look at them"
        shown = records.pixels[:_N_PREVIEWED]
        return f"{as_shades(shown, codec.highest)}\n\n{as_numbers(shown[0])}"

    def describe(self, codec: ImageCodec) -> list[dict[str, str]]:
        """One row: the picture."""
        learnt = f"{codec.height} x {codec.width} pixels, whole numbers from 0 to {codec.highest}"
        return [{"column": "picture", "kind": "grey picture", "learnt as": learnt}]
