"""The last touch: each state as often as in the data, and the numbers of a bin spread evenly over it.

A game ends with every column a little off: a state in 19 % of the fakes that has 20 % of the real records.
Whoever chooses the strongest of several states can be told to want one a little more. So, when the game is
over, the last biases are shifted until the free records of the generator have each state as often as the
training records do. That moves records that were undecided between two states and leaves all others alone.
Then the levels of each bin are moved, in order, until they are spread evenly, as ranks are. Nothing is learnt
about single records.

Source:
    Riedmiller and Braun 1993, "A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm": steps that depend on signs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.randomness import Randomness
from gansmith.tabular.layout import Block, Compact, Layout
from gansmith.tabular.networks import N_KNOTS, TableGenerator

N_RECORDS: Final = 64_000
"""Fakes that are counted: a share of one half is known to .2 %."""
MAX_VALUES: Final = 40_000_000
"""Fewer are counted where records are wide: this bounds the logits kept."""
VALUES_AT_HAND: Final = 1 << 20
N_ROUNDS: Final = 30
UNDECIDED: Final = 0.1
"""Share of the records of a column that are nearest to another state: they are moved first."""
FIRST_STEP: Final = 0.1
"""In margins of the column: how far the strongest state lies above the second, in undecided records at most.
Some columns decide by hairs, others by miles."""
FASTER: Final = 1.4
SLOWER: Final = 0.5
"""What a state's step is multiplied with while it keeps its direction, and when it turns."""
Lifts = Int[Tensor, " n_one_hot"]
Parts = list[Float[Tensor, "n_one_hot n_part"]]
"""Logits of states of some records each."""
PRIOR: Final = 10
"""Fakes added between each two knots of a bin: a bin with few fakes is left nearly as it is."""


@torch.no_grad()
def calibrate(
    ensemble: Sequence[TableGenerator],
    rules: AdversarialRules,
    compact: Compact,
    seed: int,
    lifts: Lifts | None = None,
) -> None:
    """Make the margins of the free records of generators that take turns those of real ones.

    Args:
        ensemble: On the CPU; their last biases and their knots change, all in the same way.
        rules: That they have learnt by.
        compact: Training records, shape `(n_records, n_compact)`.
        seed: Of the latents.
        lifts: By state, how much oftener records with it were learnt from than others and are made, until
            some are left out. None: as often.
    """
    layout = ensemble[0].layout
    lifts = torch.ones(layout.n_one_hot, dtype=torch.long) if lifts is None else lifts
    n = max(len(ensemble), min(N_RECORDS, MAX_VALUES // layout.n_values))
    latents = rules.latents(n, Randomness(seed).stream("calibration"), 0)
    made = (
        member.logits(part)
        for member, own in zip(ensemble, latents.tensor_split(len(ensemble)), strict=True)
        for part in own.split(4096)
    )
    states, levels = _apart(layout, made)
    codes = compact[:, : layout.n_columns].long() + layout.offsets
    wanted = torch.bincount(codes.flatten(), minlength=layout.n_one_hot) / len(compact)
    with torch.autocast("cpu", enabled=False):  # records are counted, one by one
        shift = _matching_shift(layout, states, wanted, lifts)
    strongest = torch.cat([_strongest(layout, part + shift[:, None]) for part in states], 1).T
    knots = _even_knots(layout, strongest, torch.tanh(levels), lifts)
    for member in ensemble:
        member.add_to_logits(shift)
        member.level_knots.copy_(knots)


def _apart(layout: Layout, made: Iterable[Tensor]) -> tuple[Parts, Float[Tensor, "n n_levels"]]:
    """Logits of states, as many records at a time as a processor keeps at hand, and those of levels.

    States are rows here: what is looked for among those of a column is then found for many records at once.
    """
    states: list[Tensor] = []
    levels: list[Tensor] = []
    for logits in made:  # (n_records, n_values)
        parts = logits[:, : layout.n_one_hot].split(max(1, VALUES_AT_HAND // layout.n_one_hot))
        states += [part.T.contiguous() for part in parts]
        levels.append(logits[:, layout.n_one_hot :].clone())
    return states, torch.cat(levels)


def _matching_shift(
    layout: Layout,
    logits: Parts,
    wanted: Float[Tensor, " n_one_hot"],
    lifts: Lifts,
) -> Float[Tensor, " n_one_hot"]:
    """What to add to the logits so that states are as frequent as wanted.

    Each state takes steps of its own towards its frequency, longer and longer ones until it has gone too far.
    Each column keeps the shift at which it was nearest, or none.
    """
    column_of_state = layout.column_of_value[: layout.n_one_hot]
    steps = FIRST_STEP * _margins(layout, logits)[column_of_state]
    shift = best = direction = torch.zeros(layout.n_one_hot)
    smallest = torch.full((layout.n_columns,), torch.inf)
    for _ in range(N_ROUNDS):
        missing = wanted - _frequencies(layout, logits, shift, lifts)
        errors = torch.zeros(layout.n_columns).index_add_(0, column_of_state, missing.abs())
        is_better = errors < smallest
        smallest = torch.where(is_better, errors, smallest)
        best = torch.where(is_better[column_of_state], shift, best)
        keeps = missing.sign() * direction
        direction = missing.sign()
        steps = torch.where(keeps > 0, FASTER * steps, torch.where(keeps < 0, SLOWER * steps, steps))
        shift = shift + direction * steps
    return best


def _even_knots(
    layout: Layout,
    strongest: Int[Tensor, "n n_columns"],
    levels: Float[Tensor, "n n_levels"],
    lifts: Lifts,
) -> Float[Tensor, "n_one_hot n_knots"]:
    """Where levels have to go, knot by knot, to be uniform within each state: their distribution function."""
    kept = 1 / lifts[strongest].amax(1)
    states = strongest[:, list(layout.level_columns)]  # (n, n_levels)
    pieces = ((levels + 1) / 2 * (N_KNOTS - 1)).long().clamp(0, N_KNOTS - 2)
    places = (states * (N_KNOTS - 1) + pieces).flatten()
    weights = kept.repeat_interleave(len(layout.level_columns))
    counts = torch.bincount(places, weights, layout.n_one_hot * (N_KNOTS - 1)).reshape(-1, N_KNOTS - 1)
    is_bin = torch.cat([layout.is_bin(block).flatten() for block in layout.blocks])
    shares = (counts * is_bin[:, None] + PRIOR).cumsum(1)
    return torch.cat([torch.zeros(len(shares), 1), shares / shares[:, -1:]], 1) * 2 - 1


def _of(block: Block, logits: Float[Tensor, "n_one_hot n"]) -> Float[Tensor, "n_columns n_states n"]:
    return logits[block.values].unflatten(0, (block.n_columns, block.n_states))


def _strongest(layout: Layout, logits: Float[Tensor, "n_one_hot n"]) -> Int[Tensor, "n_columns n"]:
    """The strongest state of each column, counted through all columns."""
    found = [_of(block, logits).argmax(1) for block in layout.blocks]
    return torch.cat(found) + layout.offsets[:, None]


def _frequencies(
    layout: Layout, logits: Parts, shift: Float[Tensor, " n_one_hot"], lifts: Lifts
) -> Float[Tensor, " n_one_hot"]:
    """How often each state is the strongest of its column when the logits are shifted.

    Of two states equally strong, both count.
    """
    counts, n_kept = torch.zeros(layout.n_one_hot), 0.0
    (lifted,) = torch.where(lifts > 1)
    for part in logits:
        hits = torch.empty_like(part)
        for block in layout.blocks:
            shifted = _of(block, part) + shift[block.values].reshape(block.n_columns, block.n_states, 1)
            torch.eq(shifted, shifted.amax(1, keepdim=True), out=_of(block, hits))
        found = hits[lifted] * lifts[lifted, None]
        kept = 1 / found.amax(0).clamp(min=1) if len(lifted) else torch.ones(part.shape[1])
        counts += hits @ kept
        n_kept += float(kept.sum())
    return counts / n_kept


def _margins(layout: Layout, logits: Parts) -> Float[Tensor, " n_columns"]:
    """How far the strongest state of each column lies above the second where it is hardly the strongest."""
    found: list[Tensor] = []
    for block in layout.blocks:
        two = torch.cat([_of(block, part).topk(2, 1).values for part in logits], 2)  # (n_columns, 2, n)
        found.append((two[:, 0] - two[:, 1]).quantile(UNDECIDED, 1))
    return torch.cat(found)
