"""How colours are learnt."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn

from colours.format import Colours
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.monitors import coverage
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.registry import NoOptions
from gansmith.nets.mlp import Perceptron
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import settings


@final
class ColourCodec(AbstractCodec[Colours, NoOptions]):
    """Three numbers from -1 to 1."""

    n_values = 3

    @classmethod
    def fit(cls, records: Colours, options: NoOptions, seed: int) -> "ColourCodec":
        return cls()

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "ColourCodec":
        return cls()

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {}, {}

    def encode(self, records: Colours, seed: int) -> Tensor:
        return torch.from_numpy(records.values).float() / 127.5 - 1

    def decode(self, compact: Tensor, seed: int, first_index: int) -> Colours:
        return Colours(((compact.clamp(-1, 1) + 1) * 127.5).round().int().numpy(), "colours")


@final
@settings
class ColourNetworks(AbstractPlayerNetworks):
    """Widths, activation and first weights, as of every kind."""


@final
class ColourRecipe(AbstractRecipe[ColourCodec]):
    """The usual game with small players."""

    codec: ClassVar[type[ColourCodec]] = ColourCodec
    networks: ClassVar[type[Any]] = ColourNetworks
    presets: ClassVar[Mapping[str, str]] = {"default": "two small players"}

    def plan(self, codec: ColourCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        rules = AdversarialRules(batch_size=min(64, n_records), n_latents=8)
        return Plan(ColourNetworks((32, 32), (32, 32)), rules, samples_seen=100_000)

    def build(self, codec: ColourCodec, networks: Any, rules: AbstractRules) -> dict[str, nn.Module]:
        n_latents = rules.n_latents if isinstance(rules, AdversarialRules) else 0
        generator = Perceptron((n_latents, *networks.generator_widths, 3), networks.activation)
        discriminator = Perceptron((3, *networks.discriminator_widths, 1), networks.activation)
        return {"generator": generator, "discriminator": discriminator}

    def held_out_score(self, codec: ColourCodec, n_heldout: int, seed: int) -> Callable[..., float]:
        return coverage
