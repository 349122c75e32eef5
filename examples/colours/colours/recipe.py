"""How colours are learnt."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn

from colours.format import Colours
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.base import AbstractRules
from gansmith.engine.monitors import coverage
from gansmith.modalities.options import NoOptions
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.settings import PositiveInt, settings


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

    @property
    def empty(self) -> Colours:
        return self.decode(torch.empty(0, 3), 0, 0)

    def encode(self, records: Colours, seed: int) -> Tensor:
        return torch.from_numpy(records.values).float() / 127.5 - 1

    def decode(self, compact: Tensor, seed: int, first_index: int) -> Colours:
        return Colours(((compact.clamp(-1, 1) + 1) * 127.5).round().int().numpy(), "colours")


@final
@settings
class ColourNetworks:
    """Sizes."""

    width: PositiveInt = 32
    """Units of each hidden layer."""


@final
class Layers(nn.Module):
    """Two hidden layers; what has one value a record is a logit."""

    def __init__(self, n_in: int, width: int, n_out: int) -> None:
        super().__init__()
        widths = [nn.Linear(n_in, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*widths, nn.Linear(width, n_out))

    def forward(self, inputs: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.layers(inputs).squeeze(1)


@final
class ColourRecipe(AbstractRecipe[ColourCodec]):
    """The usual game with small players."""

    codec: ClassVar[type[ColourCodec]] = ColourCodec
    networks: ClassVar[type[Any]] = ColourNetworks
    presets: ClassVar[Mapping[str, str]] = {"default": "two small players"}

    def n_heldout(self, n_records: int, preset: str) -> int:
        return n_records // 10

    def plan(self, codec: ColourCodec, n_records: int, preset: str) -> Plan:
        rules = AdversarialRules(batch_size=min(64, n_records), n_latents=8)
        return Plan(ColourNetworks(), rules, samples_seen=100_000)

    def build(
        self, codec: ColourCodec, networks: ColourNetworks, rules: AbstractRules
    ) -> dict[str, nn.Module]:
        assert isinstance(rules, AdversarialRules)
        generator = Layers(rules.n_latents, networks.width, 3)
        return {"generator": generator, "discriminator": Layers(3, networks.width, 1)}

    def held_out_score(
        self, codec: ColourCodec, n_heldout: int, seed: int
    ) -> Callable[[Tensor, Tensor], float]:
        return coverage
