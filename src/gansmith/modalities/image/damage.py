"""Pictures as age and bad copies leave them: what a network that restores pictures learns from.

A damage is a row of stages, and a stage some steps, each with the chance that it meets a picture. What film
and print suffer comes first, then what lies on the print or is torn off it, then what the scanner or camera
adds that copies it; where the order of steps is anybody's guess, each picture draws its own.

Source:
    Wan et al. 2020, "Bringing old photos back to life" (arXiv:2004.09484), for what is wrong with old prints;
    Zhang et al. 2021, "Designing a practical degradation model for deep blind image super-resolution"
    (arXiv:2103.14006), for the random order; Wang et al. 2021, "Real-ESRGAN" (arXiv:2107.10833), for going
    through lenses, noise and compression more than once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.errors import UsageError, find
from gansmith.modalities.image.damage_camera import blurred, compressed, grainy, noisy, reduced
from gansmith.modalities.image.damage_draws import Draws, Pictures
from gansmith.modalities.image.damage_marks import Marked, dusty, folded, hairy, scratched, torn
from gansmith.modalities.image.damage_print import desaturated, dotted, faded, stained, vignetted, yellowed

Step = Callable[[Pictures, Draws], Pictures | Marked]
"""Damages pictures, each to a degree of its own."""

SPARED: Final = 0.05
"""Chance that a picture stays as it is, so that a network learns to leave good ones alone."""
LOST: Final = 0.25
"""Cover from which a pixel counts as lost."""


@final
@dataclass(frozen=True)
class Stage:
    """Steps that are taken one after another."""

    steps: tuple[tuple[Step, float], ...]
    """Each with the chance that it meets a picture."""
    is_shuffled: bool = False
    """Whether each picture draws an order of its own."""


FILM: Final = Stage(((blurred, 0.4), (grainy, 0.6)))
PRINT: Final = Stage(
    (
        (desaturated, 0.7),
        (dotted, 0.06),
        (faded, 0.85),
        (yellowed, 0.7),
        (vignetted, 0.35),
        (stained, 0.3),
    )
)
MARKS: Final = Stage(((folded, 0.25), (scratched, 0.5), (hairy, 0.2), (dusty, 0.5), (torn, 0.2)))
SCAN: Final = Stage(((blurred, 0.3), (reduced, 0.4), (noisy, 0.4), (compressed, 0.5)), is_shuffled=True)
CAMERA: Final = Stage(((blurred, 0.7), (reduced, 0.5), (noisy, 0.7), (compressed, 0.7)), is_shuffled=True)

STAGES: Final[dict[str, tuple[Stage, ...]]] = {
    "old": (FILM, PRINT, MARKS, SCAN),
    "camera": (CAMERA,),
}
"""Of each damage, as `gansmith.modalities.image.DAMAGES` names them.

Of windows of 96 x 96 of photographs (`python -m bench damage`, 2026-11-29) the median PSNR against the clean
ones is 18.5 dB (old; half lie between 16 and 21, and most of it is colour) and 27.8 dB (camera; 24 to 33).
Eight of them in colour cost 34 and 16 ms of one core of a busy machine.
"""


@final
class Damaged(NamedTuple):
    """Pictures after their damage."""

    pictures: Pictures
    """In whole steps of 1 / 255, from 0 to 1."""
    mask: Float[Tensor, "batch 1 height width"]
    """1 where nothing, or too little, is left of a picture: scratches, dust, folds, missing parts; else 0."""


@torch.no_grad()
def damaged(pictures: Pictures, damage: str, generator: torch.Generator) -> Damaged:
    """Each picture of a batch damaged in its own way.

    Args:
        pictures: One channel or three, black 0 and white 1, of any size, on any device.
        damage: One of `gansmith.modalities.image.DAMAGES`.
        generator: On the CPU: of all that is drawn.

    Raises:
        UsageError: There is no such damage, or pictures have another number of channels.
    """
    stages = find(STAGES, "damage", damage)
    if pictures.shape[1] not in (1, 3):
        raise UsageError(
            f"pictures of {pictures.shape[1]} channels cannot be damaged, only grey ones and those of red, "
            "green and blue. Read them so (--channels L or RGB)."
        )
    draws = Draws(generator, pictures.device)
    result = pictures.to(torch.float32, copy=True).clamp_(0.0, 1.0)
    cover = torch.zeros_like(result[:, :1])
    is_spared = draws.happens(SPARED, len(result)).flatten().tolist()
    for stage in stages:
        _play(stage, result, cover, is_spared, draws)
    result = result.mul_(255).round_().div_(255)
    return Damaged(result.to(pictures.dtype), (cover >= LOST).to(pictures.dtype))


def _play(stage: Stage, pictures: Pictures, cover: Tensor, is_spared: list[bool], draws: Draws) -> None:
    """Take the steps of a stage, in place; together where pictures take the same step at the same place."""
    n, n_steps = len(pictures), len(stage.steps)
    is_met = draws.uniform(n, n_steps).cpu() < torch.tensor([chance for _, chance in stage.steps])
    keys = draws.uniform(n, n_steps).cpu() if stage.is_shuffled else torch.arange(n_steps).expand(n, -1)
    places = keys.argsort(1).argsort(1).tolist()
    turns: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row, number in is_met.nonzero().tolist():
        if not is_spared[row]:
            turns[places[row][number], number].append(row)
    for (_, number), rows in sorted(turns.items()):
        some = torch.tensor(rows, device=pictures.device)
        taken = stage.steps[number][0](pictures.index_select(0, some), draws)
        if isinstance(taken, Marked):
            cover.index_copy_(0, some, cover.index_select(0, some).maximum(taken.cover))
            taken = taken.pictures
        pictures.index_copy_(0, some, taken)
