"""How a record is turned by a finished network of pairs: with weights between the faithful and the sharp."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.games.paired import FAITHFUL, PairedRules
from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError
from gansmith.modalities.pairs.codec import PairCodec
from gansmith.modalities.translating import Way, Wish
from gansmith.nets.translators import GridTranslator

NETWORK: Final = "the network as it was before the game"


def way_of(codec: PairCodec, rules: AbstractRules, networks: Networks, wish: Wish) -> Way:
    """See `Translating`."""
    if wish.is_back or wish.where:
        raise UsageError(
            "this model knows one way: each record has one counterpart. Leave --back and --where out."
        )
    state = codec.state_
    faithful, sharp = networks[FAITHFUL], networks["generator"]
    blended = sharp if wish.strength == 1 else between(faithful, sharp, wish.strength)
    network = cast("GridTranslator", blended)
    is_mending = state.task == "restore"
    return Way(
        turn=lambda parts: network(*parts),
        parts=partial(_parts, state.n_source, rules, wish.seed),
        reach=network.reach,
        multiple=network.multiple,
        translatable=codec.translatable,
        kind=state.kind,
        n_given=state.n_source - is_mending,
        n_made=state.n_target,
        factor=state.factor,
        size=state.size,
        has_masks=is_mending,
        makes_masks=state.is_mask,
        is_various=state.is_various,
        weaker=("faithful", NETWORK),
        said={"task": state.task},
    )


def _parts(n_source: int, rules: Any, seed: int, source: Tensor) -> list[Tensor]:
    """The source, and noise where there is any: a function of the record and the seed."""
    if source.shape[1] < n_source:  # nobody says what of it is missing
        source = torch.cat([source, torch.zeros_like(source[:, :1])], 1)
    return [source, *noise_of(source, rules, seed)]


def noise_of(source: Tensor, rules: PairedRules | Any, seed: int) -> list[Tensor]:
    """Noise beside a source where the rules want any: a function of the record and the seed."""
    if not rules.n_noise:
        return []
    digest = blake2b(source.numpy().tobytes(), digest_size=4).digest()
    stream = Randomness(seed).stream("apply")
    noise = rules.noise_for(source, stream, int.from_bytes(digest, "little"))
    return [] if noise is None else [noise]


def between(faithful: nn.Module, sharp: nn.Module, strength: float) -> nn.Module:
    """A network with weights between those of two: a share `strength` of the way from the first.

    Source: Wang et al. 2018, "ESRGAN", section 3.4, network interpolation (arXiv:1809.00219).
    """
    blended = copy.deepcopy(faithful)
    ends: Mapping[str, Tensor] = sharp.state_dict()
    weights = {name: value.lerp(ends[name], strength) for name, value in faithful.state_dict().items()}
    blended.load_state_dict(weights)
    return blended
