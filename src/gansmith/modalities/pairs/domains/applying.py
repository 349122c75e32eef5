"""How a record is turned by a finished network of domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor

from gansmith.engine.games import AbstractRules, Networks
from gansmith.errors import UsageError
from gansmith.modalities.pairs.applying import noise_of
from gansmith.modalities.pairs.domains import DOMAIN, SOURCE, TARGET, quoted
from gansmith.modalities.pairs.domains.codec import DomainCodec, DomainState
from gansmith.modalities.pairs.domains.colours import heights
from gansmith.modalities.translating import Way, Wish
from gansmith.nets.domain_translators import DomainTranslator


def way_of(codec: DomainCodec, rules: AbstractRules, networks: Networks, wish: Wish) -> Way:
    """See `Translating`."""
    state, network = codec.state_, cast("DomainTranslator", networks["generator"])
    where, names = wish.where, codec.changed
    if state.has_two_sets:
        if where:
            raise UsageError(
                "this model knows two sets, and no attribute. Leave --where out; --back turns round."
            )
        if wish.is_back and state.is_of_one:
            raise UsageError("this model has learnt the texture of one record, and no way back from it.")
        where = {DOMAIN: SOURCE if wish.is_back else TARGET}
    elif wish.is_back:
        raise UsageError(f"this model changes {quoted(names)}. Say to what: --where {names[0]}=VALUE.")
    elif not where:
        raise UsageError(f"nothing says what to change: give --where {names[0]}=VALUE.")
    condition = codec.condition(where)
    has_way_back = state.has_two_sets and not state.is_of_one
    is_various = bool(getattr(rules, "n_noise", 0))

    def parts(source: Tensor) -> list[Tensor]:
        height = torch.from_numpy(heights(source.shape[2:]).copy())[None]
        return [torch.cat([source, height], 1), *noise_of(source, cast("Any", rules), wish.seed)]

    def turn(parts: Sequence[Tensor]) -> Tensor:
        source, noise = parts[0], parts[1] if is_various else None
        base = network.base(source, condition)
        return base + wish.strength * (network(source, condition, noise) - base) if wish.strength else base

    values = {"is_back": wish.is_back} if state.has_two_sets else {"where": where}
    return Way(
        turn=turn,
        parts=parts,
        reach=network.reach,
        multiple=network.multiple,
        translatable=codec.translatable,
        kind=state.kind,
        n_given=state.n_channels,
        n_made=state.n_channels,
        size=state.size,
        is_various=is_various,
        weaker=None if codec.tables is None else ("colours", "colours alone, without any network"),
        returning=replace(wish, is_back=not wish.is_back) if has_way_back else None,
        said={"task": _task(state), **values},
        is_always_marked=state.is_identity or state.is_of_people,
    )


def _task(state: DomainState) -> str:
    return "identity" if state.is_identity else "unpaired" if state.has_two_sets else "attribute"
