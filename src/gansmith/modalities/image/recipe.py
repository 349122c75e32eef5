"""How small grey pictures are learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, final

from torch import nn

from gansmith.engine.batches import Samples
from gansmith.engine.games import AbstractRules
from gansmith.engine.monitors import coverage
from gansmith.errors import DataError
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.networks import ImageNetworks, networks_for
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.image.presets import PRESETS
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan


@final
class ImageRecipe(AbstractRecipe[ImageCodec]):
    """Fully connected players."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = ImageCodec
    networks: ClassVar[type[Any]] = ImageNetworks
    presets: ClassVar[Mapping[str, str]] = {name: preset.meaning for name, preset in PRESETS.items()}

    def n_heldout(self, n_records: int, preset: str) -> int:
        """How many pictures choose the model; see `presets`."""
        return PRESETS[preset].n_heldout(n_records)

    def plan(self, codec: ImageCodec, n_records: int, preset: str) -> Plan:
        """Sizes, rules and length; see `presets`."""
        return PRESETS[preset].plan(codec.n_values, n_records)

    def build(self, codec: ImageCodec, networks: ImageNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        """New networks for a game."""
        return networks_for(codec.n_values, networks, rules)

    def held_out_score(
        self, codec: ImageCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        """Coverage of held-out pictures."""
        return coverage

    def describe(self, codec: ImageCodec) -> list[dict[str, str]]:
        """One row: the picture."""
        learnt = f"{codec.height} x {codec.width} pixels, whole numbers from 0 to {codec.highest}"
        return [{"column": "picture", "kind": "grey picture", "learnt as": learnt}]

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
