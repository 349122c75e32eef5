"""How masked words are found: many are tried, and those stay by which what follows them is likely.

Some walks are taken along each text. At a gap each draws a word; along what is given after it each is weighed
by how likely the network finds that. Before the next gap, and at the end, walks are drawn anew by their
weights: a particle filter, exact as their number grows.

Source:
    Doucet and Johansen 2011, "A tutorial on particle filtering and smoothing", section 3.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.draws import Draws
from gansmith.modalities.text.codec import NOTHING, TextCodec
from gansmith.modalities.text.making import GAP, drawn
from gansmith.modalities.text.tokens import END

if TYPE_CHECKING:
    from gansmith.modalities.text.networks import Carried, TextGenerator

N_WALKS: Final = 24
MOST_TOKENS: Final = 24
"""Of a word that is found."""
_NEVER: Final = -1e9
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]*)*")


def filled(
    codec: TextCodec,
    network: TextGenerator,
    noise: Float[Tensor, "n n_noise"],
    conditions: Float[Tensor, "n n_conditions"],
    given: Int[np.ndarray, "n n_given"],
    warmth: Float[np.ndarray, " n"],
) -> Float[Tensor, "n n_made"]:
    """Texts in which each `GAP` has become a word, which stands between two of them."""
    keys, kinds = Draws(noise).at(len(given), 0, 0), _kinds(codec)
    rows = list[list[int]]()
    for place, row in enumerate(given.tolist()):
        rng = np.random.default_rng(int(keys[place] * 2**53))
        asked = conditions[place : place + 1].expand(N_WALKS, -1)
        template = [code for code in row if code >= 0 or code == GAP]
        rows.append(_walked(network, asked, template, warmth[place], kinds, rng))
    longest = max(map(len, rows), default=1)
    table = np.full((len(rows), longest), NOTHING, np.float32)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return torch.from_numpy(table)


def _kinds(codec: TextCodec) -> tuple[Tensor, Tensor]:
    """What is added to logits so that a word begins, blank or not, and so that it goes on."""
    pieces = ["", "", *codec.vocabulary.pieces]
    bare = [one.removeprefix(" ") for one in pieces]
    begins = [
        bool(one) and (not own or bool(_WORD.fullmatch(own))) for one, own in zip(pieces, bare, strict=True)
    ]
    goes_on = [bool(_WORD.fullmatch(one)) for one in pieces]
    found = [torch.where(torch.tensor(one), 0.0, _NEVER) for one in (begins, goes_on)]
    return found[0], found[1]


def _walked(
    network: TextGenerator,
    conditions: Tensor,
    template: list[int],
    warmth: float,
    kinds: tuple[Tensor, Tensor],
    rng: np.random.Generator,
) -> list[int]:
    """One text by several walks."""
    walks = [list[int]() for _ in range(N_WALKS)]
    weights = np.zeros(N_WALKS)
    logits, carried = network.advance(torch.full((N_WALKS,), END), conditions, network.beginning(N_WALKS))
    for code in [*template, END]:
        if code == GAP:
            chosen = _resampled(weights, rng)
            walks = [[*walks[at], GAP] for at in chosen.tolist()]
            carried = (carried[0][:, chosen], carried[1][:, chosen])
            logits, carried = _word(network, conditions, walks, logits[chosen], carried, warmth, kinds, rng)
            weights = np.zeros(N_WALKS)
            for walk in walks:
                walk.append(GAP)
            continue
        weights += logits.log_softmax(-1)[:, code].double().numpy()
        for walk in walks:
            walk.append(code)
        if code != END:
            logits, carried = network.advance(torch.full((N_WALKS,), code), conditions, carried)
    return walks[int(_resampled(weights, rng)[0])]


def _resampled(weights: Float[np.ndarray, " n"], rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Walks drawn anew, each as often as it is likely."""
    shares = np.exp(weights - weights.max())
    return rng.choice(len(weights), len(weights), p=shares / shares.sum())


def _word(
    network: TextGenerator,
    conditions: Tensor,
    walks: list[list[int]],
    logits: Tensor,
    carried: Carried,
    warmth: float,
    kinds: tuple[Tensor, Tensor],
    rng: np.random.Generator,
) -> tuple[Tensor, Carried]:
    """A word of each walk, and what is known behind it; a walk that has its word waits for the others."""
    is_open = np.ones(len(walks), bool)
    has_letters = np.zeros(len(walks), bool)
    pieces = network.codec.vocabulary
    begins, goes_on = kinds
    for step in range(MOST_TOKENS):
        asked = logits + begins if not step else torch.where(
            torch.from_numpy(has_letters)[:, None], logits, logits + goes_on
        )  # fmt: skip
        chosen = drawn(asked / warmth, rng.random(len(walks)))
        ends = has_letters & (goes_on.numpy()[chosen] < 0)
        is_open &= ~ends
        if not is_open.any():
            break
        for place in np.flatnonzero(is_open).tolist():
            walks[place].append(int(chosen[place]))
            has_letters[place] |= bool(pieces.piece(int(chosen[place])).strip())
        after, moved = network.advance(torch.from_numpy(chosen), conditions, carried)
        rows = torch.from_numpy(is_open)
        logits = torch.where(rows[:, None], after, logits)
        kept = [torch.where(rows[None, :, None], new, old) for new, old in zip(moved, carried, strict=True)]
        carried = (kept[0], kept[1])
    return logits, carried
