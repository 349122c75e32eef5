"""Completing partial records: what each gap could be, one after the other.

A network is told which cells are there and what they are, and says of every other column how likely each of
its states is. It learns from records of which any cells are hidden, by cross-entropy, so what it says are
probabilities. A record is completed gap by gap: a state is drawn, and is there when the next one is drawn.
So cells that are filled go together as they do in the data.

All chance comes from the latents, as in the game: the same latents complete a record in the same way. Their
trailing digits serve as uniform numbers.

Source:
    Uria et al. 2014, "A deep and tractable density estimator", section 3: one network for any order of the
    columns (arXiv:1310.1757).
"""

from __future__ import annotations

import math
from typing import Final, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gansmith.engine.batches import Conditions, Latents, Scalar, Shuffled, Weights
from gansmith.engine.length import cosine
from gansmith.engine.randomness import Randomness
from gansmith.nets.mlp import layers
from gansmith.tabular.layout import Compact, Layout, draw_conditions, hold_fixed

MAX_TURNS: Final = 16
"""Turns in which a record is completed; where there are more gaps, several are filled at once."""
MAX_SAMPLES: Final = 500_000
"""Records that are learnt from, repeated ones too."""
MAX_EPOCHS: Final = 60
"""A record is not seen more often."""
MAX_BATCH: Final = 500
MOST_TIMES: Final = 5
"""As often as others a record is learnt from for the sake of a rare category, at most."""
MAX_APART: Final = 2_500
"""Records that nothing is learnt from here, to choose the weights by."""
N_LOOKS: Final = 10
"""How often they are looked at."""
LEARNING_RATE: Final = 5e-3
OF_STATES: Final = 977.0
OF_LEVELS: Final = 1409.0
"""What latents are multiplied with, for their trailing digits to be left."""
IN_BETWEEN: Final = 100 * 2**0.5
"""Added when latents serve again: digits of numbers in no simple ratio are independent."""


@final
class Completion(nn.Module):
    """Conditions to the logits of all states, and partial records to whole ones."""

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__()
        self.layout = layout
        widths = (layout.n_columns + layout.n_values, width, width, layout.n_one_hot)
        self.layers = layers(widths, "silu")
        self.requires_grad_(False)  # it does not play

    def forward(self, conditions: Conditions) -> Float[Tensor, "batch n_one_hot"]:
        """How likely each state is, in logits by column; in full precision, for the rare ones."""
        with torch.autocast(conditions.device.type, enabled=False):
            return self.layers(conditions.float())

    def losses(
        self, samples: Float[Tensor, "batch n_values"], conditions: Conditions
    ) -> Float[Tensor, " batch"]:
        """Cross-entropy of the hidden cells of each record."""
        layout, logits = self.layout, self(conditions)
        parts = [
            -(torch.log_softmax(block.of(logits), -1) * block.of(samples)).sum(-1) for block in layout.blocks
        ]
        return (torch.cat(parts, 1) * (1 - conditions[:, : layout.n_columns])).sum(1)

    @torch.no_grad()
    def completed(self, conditions: Conditions, latents: Latents) -> Float[Tensor, "batch n_values"]:
        """Samples with the conditioned columns as the condition says, and the others drawn."""
        layout, n_columns = self.layout, self.layout.n_columns
        is_known, samples = conditions[:, :n_columns].clone(), conditions[:, n_columns:].clone()
        shares = _digits(latents, n_columns, OF_STATES)  # (batch, n_columns)
        levels = 2 * _digits(latents, len(layout.level_columns), OF_LEVELS) - 1
        turns, n_turns = _turns(is_known)
        for turn in range(n_turns):
            rows = torch.nonzero((turns == turn).any(1))[:, 0]
            logits = self(torch.cat([is_known[rows], samples[rows]], 1))
            drawn = layout.expand(torch.cat([_states(layout, logits, shares[rows]), levels[rows]], 1))
            is_now = (turns[rows] == turn).to(drawn.dtype)
            if layout.level_columns:
                is_open = torch.stack([drawn[:, bins].sum(1) for bins in layout.bins], 1)
                drawn[:, layout.n_one_hot :] *= is_open
            samples[rows] = torch.lerp(samples[rows], drawn, is_now[:, layout.column_of_value])
            is_known[rows] += is_now
        return samples


def fit_completion(
    completion: Completion,
    compact: Compact,
    weights: Weights | None,
    n_samples: int,
    seed: int,
    beginnings_share: float = 0.0,
    rare_share: float = 0.0,
) -> None:
    """Learn what hidden cells could be; the weights are kept that did best on records apart.

    Args:
        completion: On the CPU; its weights change.
        compact: Training records, shape `(n_records, n_compact)`.
        weights: How much oftener than others each of them is learnt from; None: all are equally often.
        n_samples: Records to learn from, repeated ones too; fewer where there are few records.
        seed: Of the order of the records, and of which cells are hidden.
        beginnings_share: Of the records, those of which the first columns are known and all others hidden, as
            when whole records are made of nothing.
        rare_share: Below which a category is rare: what goes with it is learnt from as often, but for
            `MOST_TIMES`. It is known in all that comes oftener, so it is found no likelier than it is.
    """
    randomness = Randomness(seed)
    n_apart = min(len(compact) // 10, MAX_APART)
    weights = torch.ones(len(compact), dtype=torch.long) if weights is None else weights
    apart, seen = compact[:n_apart].repeat_interleave(weights[:n_apart], 0), compact[n_apart:]
    again, held = _rare_again(completion.layout, seen, rare_share)
    weights = torch.cat([weights[n_apart:], weights[n_apart:][again]])
    seen, held = torch.cat([seen, seen[again]]), torch.cat([held.new_zeros(len(seen), held.shape[1]), held])
    batch_size = min(max(len(seen) // 16, 16), MAX_BATCH)
    drawing = Shuffled(len(seen), batch_size, randomness, weights)
    n_steps = max(1, min(n_samples, MAX_SAMPLES, MAX_EPOCHS * len(seen)) // batch_size)
    best, kept = math.inf, completion.state_dict()
    completion.requires_grad_(True)
    optimiser = torch.optim.Adam(completion.parameters(), LEARNING_RATE)
    for step in range(n_steps):
        for group in optimiser.param_groups:
            group["lr"] = cosine(LEARNING_RATE, 0.0, step / n_steps)
        generator = randomness.generator("hidden", step)
        rows = drawing(step)
        loss = _loss(completion, seen[rows], generator, beginnings_share, held[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if n_apart and (step + 1) % max(1, n_steps // N_LOOKS) == 0:
            with torch.no_grad():
                generator = randomness.generator("apart", 0)
                now = float(_loss(completion, apart, generator, beginnings_share))
            if now < best:
                best, kept = now, {name: value.clone() for name, value in completion.state_dict().items()}
    if n_apart:
        completion.load_state_dict(kept)
    completion.requires_grad_(False)


def times_as_often(layout: Layout, compact: Compact, rare_share: float) -> Int[Tensor, "n n_columns"]:
    """How many times as often records are learnt from for the sake of each of their categories.

    Args:
        layout: Of the records.
        compact: The records.
        rare_share: What each category should come to, as far as `MOST_TIMES` allows.
    """
    found = torch.ones(len(compact), layout.n_columns, dtype=torch.long)
    for column, (n_states, n_bins) in enumerate(zip(layout.n_states, layout.n_bins, strict=True)):
        if not n_bins:
            codes = compact[:, column].long()
            counts = torch.bincount(codes, minlength=n_states)
            times = (rare_share * len(compact) / counts.clamp_min(1)).ceil().clamp(1, MOST_TIMES)
            found[:, column] = times.long()[codes]
    return found


def _rare_again(
    layout: Layout, compact: Compact, rare_share: float
) -> tuple[Int[Tensor, " n_again"], Float[Tensor, "n_again n_columns"]]:
    """Which records come again for the sake of a rare category, and in which column each has it."""
    more = times_as_often(layout, compact, rare_share) - 1
    rows, columns = torch.nonzero(more, as_tuple=True)
    times = more[rows, columns]
    held = torch.nn.functional.one_hot(columns, layout.n_columns).float()
    return rows.repeat_interleave(times), held.repeat_interleave(times, 0)


def _loss(
    completion: Completion,
    compact: Compact,
    generator: torch.Generator,
    beginnings_share: float,
    held: Float[Tensor, "batch n_columns"] | None = None,
) -> Scalar:
    layout = completion.layout
    samples = layout.expand(compact)
    conditions = draw_conditions(layout, samples, generator, free_share=0.0)
    n_begun = round(beginnings_share * len(samples))
    if n_begun:
        n_known = torch.randint(layout.n_columns, (n_begun, 1), generator=generator)
        is_known = (torch.arange(layout.n_columns) < n_known).to(samples.dtype)
        conditions[:n_begun] = hold_fixed(layout, samples[:n_begun], is_known)
    if held is not None:
        conditions = hold_fixed(layout, samples, torch.maximum(conditions[:, : layout.n_columns], held))
    return completion.losses(samples, conditions).mean()


def _turns(is_known: Float[Tensor, "batch n_columns"]) -> tuple[Int[Tensor, "batch n_columns"], int]:
    """In which turn each gap is filled, -1 where there is none; and how many turns there are."""
    is_gap = 1 - is_known
    n_gaps = is_gap.sum(1, keepdim=True)
    ranks = is_gap.cumsum(1) - 1
    turns = torch.where(n_gaps > MAX_TURNS, ranks * MAX_TURNS // n_gaps.clamp(min=1), ranks).long()
    n_turns = int(min(n_gaps.max(), MAX_TURNS)) if len(n_gaps) else 0
    return torch.where(is_gap > 0, turns, -1), n_turns


def _states(
    layout: Layout, logits: Float[Tensor, "batch n_one_hot"], shares: Float[Tensor, "batch n_columns"]
) -> Float[Tensor, "batch n_columns"]:
    """Of each column the state at which the distribution function reaches a share."""
    found: list[Tensor] = []
    for block in layout.blocks:
        upto = torch.softmax(block.of(logits), -1).cumsum(-1)
        aims = shares[:, block.columns, None] * upto[..., -1:]
        found.append((upto <= aims).sum(-1).clamp(max=block.n_states - 1))
    return torch.cat(found, 1).to(logits.dtype)


def _digits(latents: Latents, n: int, factor: float) -> Float[Tensor, "batch n"]:
    """Uniform numbers in [0, 1), independent of what the latents are as a whole: their trailing digits."""
    n_latents = latents.shape[1]
    places = torch.arange(n)
    factors = factor + IN_BETWEEN * (places // n_latents)
    return (latents[:, places % n_latents] * factors).remainder(1.0)
