"""Records of people turned into such of a person who does not exist: none of those that were learnt.

What a generator is told of a person is a place among all of them: at a corner where it is somebody who was
learnt, in between where it is nobody. So a new person is a mixture of several, as far from each as can be
found; all files get the same one, whoever is heard or seen in them, and another seed is another person.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from jaxtyping import Float

from gansmith.engine.games import Networks
from gansmith.errors import UsageError
from gansmith.modalities.anonymizing import Asked, Replaced
from gansmith.modalities.attribute_columns import Categories
from gansmith.modalities.grids import Made, Turning, Values
from gansmith.modalities.pairs.domains import OF_PEOPLE
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.pairs.domains.colours import heights
from gansmith.nets.domain_translators import DomainTranslator
from gansmith.scorecard.features import draws

FEWEST_PEOPLE: Final = 3
"""That somebody is mixed of."""
N_TRIED: Final = 64
"""Mixtures, of which the one is taken that is farthest from everybody."""


def anonymized(
    codec: DomainCodec, networks: Networks, source: str, output: Path, asked: Asked
) -> Iterator[Replaced]:
    """See `Anonymizing`.

    Raises:
        UsageError: The model changes nobody, or knows too few people; or what is asked for is of pictures.
    """
    network = cast("DomainTranslator", networks["generator"])
    condition = torch.from_numpy(nobody(codec, asked.seed))[None]
    if asked.boxes or asked.labels or asked.weights or asked.is_whole_head or asked.people:
        raise UsageError(
            "boxes, weights, what is kept, whole heads and tables of people are of models of heads. "
            "Leave them out."
        )

    @torch.no_grad()
    def turn(values: Values) -> Made:
        given = torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]
        height = torch.from_numpy(heights(given.shape[2:]).copy())[None]
        return network(torch.cat([given, height], 1), condition, None).clamp(0, 1)[0].float().numpy()

    state = codec.state_
    turning = Turning(
        turn, state.n_channels, metadata=asked.metadata, is_marked=asked.is_marked, size=state.size
    )
    for done in codec.translatable.turned(source, output, turning):
        is_done = done.n_points > 0
        yield Replaced(done.name, int(is_done), is_left=not is_done, note=done.note)


def nobody(codec: DomainCodec, seed: int) -> Float[np.ndarray, " n_conditions"]:
    """What a generator is told of somebody who is none of those that were learnt.

    Raises:
        UsageError: The model does not change who somebody is, or knows fewer than three.
    """
    names = [name for name in codec.changed if name.lower() in OF_PEOPLE]
    column = codec.attributes.columns[codec.attributes.index(names[0])] if names else None
    if codec.state_.has_two_sets or not isinstance(column, Categories):
        raise UsageError(
            "this model replaces nobody: it was not learnt to change who somebody is. Learn one from people "
            "with names: gansmith fit VOICES/ --to-attribute speaker, or FACES/ --heads."
        )
    n = len(column.values)
    if n < FEWEST_PEOPLE:
        raise UsageError(
            f"this model knows {n} people, and who does not exist is mixed of {FEWEST_PEOPLE} at the least. "
            "Learn it from more."
        )
    rng = draws(seed)
    tried = rng.dirichlet(np.full(n, 2.0), N_TRIED)
    best = tried[np.argmin(tried.max(1))]
    before = sum(codec.widths[: codec.attributes.names.index(names[0])])
    told = np.zeros(codec.attributes.n_conditions, np.float32)
    told[before : before + n] = best
    return told
