"""How pairs are learnt: windows, what is given made of what is wanted, and the score that keeps a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Dataset, Samples
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.randomness import Randomness
from gansmith.errors import DataError, UsageError
from gansmith.modalities.capabilities import Damaging
from gansmith.modalities.pairs import PairOptions
from gansmith.modalities.pairs.applying import way_of
from gansmith.modalities.pairs.codec import PairCodec, PairState
from gansmith.modalities.pairs.networks import PairNetworks, networks_for
from gansmith.modalities.pairs.presets import PRESETS
from gansmith.modalities.pairs.records import Pairs
from gansmith.modalities.pairs.windows import Windows
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.registry import find_modality, needed
from gansmith.modalities.translating import Way, Wish
from gansmith.nets.resizing import resized

FEWEST_TO_HOLD_OUT: Final = 8
"""Of fewer pairs none is held out."""
MOST_HELD_OUT: Final = 64
MASK_GIVEN: Final = 0.5
"""Chance that a network is told where a record is damaged, while it learns to mend."""


@final
class PairRecipe(AbstractRecipe[PairCodec]):
    """See `Translating`: pairs of records of any kind on a grid."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = PairCodec
    networks: ClassVar[type[Any]] = PairNetworks
    presets: ClassVar[Mapping[str, str]] = {name: preset.meaning for name, preset in PRESETS.items()}

    def n_heldout(self, n_records: int, preset: str) -> int:
        return 0 if n_records < FEWEST_TO_HOLD_OUT else min(n_records // 10 or 1, MOST_HELD_OUT)

    def plan(self, codec: PairCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        return PRESETS[preset].plan(codec, n_records, seconds)

    def build(self, codec: PairCodec, networks: PairNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        return networks_for(codec.state_, networks, rules)

    def dataset(self, codec: PairCodec, records: Pairs, seed: int) -> Dataset:
        return Windows(codec, records)

    def samples(
        self, codec: PairCodec, networks: PairNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        """See the base class: the windows turned and mirrored, and what is given."""
        state = codec.state_
        real = codec.expand(batch["real"])
        source = batch.get("source")
        source = None if source is None else codec.expand(source)
        if generator is not None and codec.translatable.is_mirrorable:
            real, source = _turned(real, source, state, generator)
        if state.task == "upscale":
            source = smaller(real, state.factor)
        elif state.task == "restore":
            chance = generator or Randomness(0).generator("damage", 0)
            source = self._damaged(state, real, chance)
        return Batch({"real": real, "source": source})

    def _damaged(self, state: PairState, real: Tensor, generator: torch.Generator) -> Tensor:
        """What is to be mended, and in the last channel where the damage is; nothing where nobody says."""
        modality = find_modality(state.kind)
        damaging = needed(modality.recipe, Damaging, modality.kind)
        damaged, mask = damaging.damaged(real, state.damage, generator)
        is_told = torch.rand(len(real), generator=generator) < MASK_GIVEN
        mask = mask * is_told.to(real).view(-1, *[1] * (real.ndim - 1))
        return torch.cat([damaged, mask], 1)

    def way(self, codec: PairCodec, rules: AbstractRules, networks: Networks, wish: Wish) -> Way:
        """See `Translating`."""
        return way_of(codec, rules, networks, wish)

    def held_out_score(
        self, codec: PairCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        return closeness

    def fine_tuning_options(
        self, codec: PairCodec, own: PairOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: what is made of what is the model's."""
        known = {name: getattr(own, name) for name in ("upscale", "restore", "damage", "size", "perceptual")}
        for name, value in known.items():
            if given.get(name, value) != value:
                raise UsageError(
                    f"{name} is {given[name]!r}, and that of the model to be fine-tuned is {value!r}. Leave "
                    "it out: it comes from the model."
                )
        if given.get("to") and codec.state_.task != "paired":
            raise UsageError(
                "to: the model to be fine-tuned was learnt from good records alone. Leave it out."
            )
        state = codec.state_
        n_channels = state.n_source - (state.task == "restore")
        channels = {1: "L", 3: "RGB"}.get(n_channels, "") if n_channels == state.n_target else ""
        return {"channels": channels, **given, **{name: value for name, value in known.items() if value}}

    def unknown(self, codec: PairCodec, records: Pairs) -> tuple[str, ...]:
        """See the base class: both sides have the channels that the model knows."""
        state = codec.state_
        sides = [("wanted", records.target.n_channels, state.n_target)]
        if records.source is not None:
            sides.append(("given", records.source.n_channels, state.n_source))
        for side, found, known in sides:
            if found != known:
                raise DataError(
                    f"{records.name}: what is {side} has {found} channels, that of the model {known}. "
                    "Give such as it was learnt from."
                )
        return ()

    def describe(self, codec: PairCodec) -> list[dict[str, str]]:
        state = codec.state_
        what = {
            "paired": "each record turned into its counterpart",
            "upscale": f"records {state.factor} times larger",
            "restore": f"damaged records restored ({state.damage})",
        }[state.task]
        window = " x ".join(map(str, reversed(state.window)))
        seen = f"whole, longest side {state.size}" if state.size else f"windows of {window}"
        rows = [{"part": "task", "learnt": what}, {"part": "seen", "learnt": f"{state.kind}, {seen}"}]
        said = {
            "is_mask": "what is wanted is a mask",
            "is_alike": "both sides mean the same: what is to be changed is learnt",
            "is_various": "many answers are right: noise decides",
        }
        found = [text for name, text in said.items() if getattr(state, name)]
        return rows + [{"part": "found", "learnt": text} for text in found]


def closeness(made: Samples, wanted: Samples) -> float:
    """One minus the mean absolute error, of values from 0 to 1."""
    return 1 - (made.clamp(0, 1) - wanted).abs().mean().item()


def smaller(real: Samples, factor: int) -> Float[Tensor, "batch *smaller"]:
    """Records on a grid so many times coarser, rounded as files of 8 bits are."""
    sides = [side // factor for side in real.shape[2:]]
    return (255 * resized(real, sides).clamp(0, 1)).round() / 255


def _turned(
    real: Tensor, source: Tensor | None, state: PairState, generator: torch.Generator
) -> tuple[Tensor, Tensor | None]:
    """Some records mirrored; upside down and on their side as well where only texture counts."""
    is_of_texture, last = state.task != "paired" and real.ndim > 3, real.ndim - 1
    is_square = is_of_texture and real.shape[-1] == real.shape[-2]
    turns = [lambda x: x.flip(last)]
    turns += [lambda x: x.flip(last - 1)] if is_of_texture else []
    turns += [lambda x: x.transpose(last, last - 1)] if is_square else []
    for turn in turns:
        is_so = (torch.rand(len(real), generator=generator) < 0.5).view(-1, *[1] * (real.ndim - 1))
        real = torch.where(is_so.to(real.device), turn(real), real)
        source = None if source is None else torch.where(is_so.to(source.device), turn(source), source)
    return real, source
