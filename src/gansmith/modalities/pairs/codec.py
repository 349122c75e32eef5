"""What is learnt of pairs before any game: how large windows are, and what both sides have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, final

import numpy as np
import torch
from torch import Tensor

from gansmith.errors import DataError, ModelFileError, UsageError, find
from gansmith.modalities.capabilities import Damaging
from gansmith.modalities.grids import Translatable
from gansmith.modalities.pairs import PairOptions, Task
from gansmith.modalities.pairs.records import Pairs, shares
from gansmith.modalities.recipe import AbstractCodec, Compact
from gansmith.modalities.registry import find_modality, needed
from gansmith.nets.vgg import vgg_features
from gansmith.settings import Field, NonNegativeInt, PositiveInt, from_plain, settings, to_plain

WINDOWS: Final[dict[Task, int]] = {"paired": 128, "upscale": 96, "restore": 96}
"""Longest side of a window of what is wanted."""
SMALLEST_WINDOW: Final = 16
"""Smaller records are continued."""
N_LOOKED_AT: Final = 32
"""Records that are looked at."""
MASK_TONES: Final = 0.02
"""Share of values away from both ends that a mask has at most: its edges."""
MASK_EDGE: Final = 0.1
"""How far from 0 and 1 a value may be that counts as one of them."""
ALIKE: Final = 0.7
"""Correlation of both sides, within a record, from which on the network learns what is to be changed of the
source instead of everything."""


@final
@settings(kw_only=True, error=DataError)
class PairState:
    """What is known of pairs."""

    kind: str
    """Of the records."""
    task: Task
    n_source: PositiveInt
    """Channels of what is given."""
    n_target: PositiveInt
    """Channels of what is wanted."""
    window: Annotated[tuple[PositiveInt, ...], Field(strict=False)]
    """Sides of the windows of what is wanted that are learnt from."""
    size: NonNegativeInt = 0
    """Longest side that whole records are brought to; 0: they are learnt from as they come."""
    factor: Annotated[int, Field(ge=1, le=8)] = 1
    """By which sides are multiplied."""
    is_mask: bool = False
    """Whether what is wanted is hardly anything but 0 and 1."""
    is_alike: bool = False
    """Whether both sides mean the same, so that only changes are to be learnt."""
    is_various: bool = False
    """Whether what is given says so little that many answers are right: it is a mask, the answer none."""
    damage: str = ""
    """What is to be mended, where anything is."""
    perceptual: str = ""
    """A file of weights whose features compare records, where there is one; see `PairOptions`."""


@final
class PairCodec(AbstractCodec[Any, PairOptions]):
    """See the base class; samples are values from 0 to 1."""

    def __init__(self, state: PairState) -> None:
        self.state_ = state

    @classmethod
    def fit(cls, records: Pairs, options: PairOptions, seed: int) -> PairCodec:
        if not len(records):
            raise DataError(f"{records.name}: no pairs are left to learn from. Give more.")
        task, n_target = records.task, records.target.n_channels
        factor = options.upscale or 1
        looked = np.linspace(0, len(records) - 1, min(len(records), N_LOOKED_AT)).astype(int).tolist()
        wanted = [shares(records.wanted(number)) for number in looked]
        given = None
        if records.source is not None:
            given = [shares(one) for number in looked if (one := records.given(number)) is not None]
        is_mask = task == "paired" and all(map(_is_mask, wanted))
        size = options.longest_side
        sides = np.array([records.sides(number) for number in range(len(records))])
        state = PairState(
            kind=records.kind,
            task=task,
            n_source=_n_source(records),
            n_target=n_target,
            window=window_of(sides, WINDOWS[task], factor, size),
            size=size,
            factor=factor,
            is_mask=is_mask,
            is_alike=given is None or _are_alike(given, wanted),
            is_various=given is not None and all(map(_is_mask, given)) and not is_mask,
            perceptual=_checked(options.perceptual, n_target),
            damage=_damage(records.kind, options.damage) if task == "restore" else "",
        )
        return cls(state)

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PairCodec:
        try:
            codec = cls(from_plain(PairState, dict(state)))
            find_modality(codec.state_.kind)
        except UsageError as error:
            raise ModelFileError(f"what is known of the pairs is damaged ({error}).") from error
        return codec

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return to_plain(self.state_), {}

    @property
    def translatable(self) -> Translatable:
        """The format of the records."""
        modality = find_modality(self.state_.kind)
        return needed(modality.format, Translatable, modality.kind)

    @property
    def n_values(self) -> int:
        return self.state_.n_target * math.prod(self.state_.window)

    @property
    def source_window(self) -> tuple[int, ...]:
        """Sides of the windows of what is given."""
        return tuple(side // self.state_.factor for side in self.state_.window)

    @property
    def empty(self) -> np.ndarray:
        return np.zeros((0, self.state_.n_target, *self.state_.window), np.uint8)

    def encode(self, records: Any, seed: int) -> Compact:
        raise UsageError("pairs are learnt from in windows, not as a whole.")

    def expand(self, compact: Tensor) -> Tensor:
        """Values from 0 to 1."""
        return as_values(compact)

    def compact(self, samples: Tensor) -> Tensor:
        """Whole numbers of 8 bits, to be looked at."""
        return as_bytes(samples)

    def decode(self, compact: Tensor, seed: int, first_index: int) -> np.ndarray:
        return compact.numpy()


def as_values(windows: Tensor) -> Tensor:
    """Values from 0 to 1 of windows of 8 or 16 bits; others stay."""
    if windows.dtype == torch.uint8:
        return windows.float() / 255
    return windows.float() / 65535 if windows.dtype == torch.int32 else windows


def as_bytes(samples: Tensor) -> Tensor:
    """Values from 0 to 1 as whole numbers of 8 bits."""
    return (255 * samples.float().clamp(0, 1)).round().to(torch.uint8)


def _damage(kind: str, damage: str) -> str:
    """What is to be mended, by a name that the kind of the records knows."""
    damaging = needed(find_modality(kind).recipe, Damaging, kind)
    known = {name: name for name in damaging.damages}
    return find(known, "damage", damage) if damage else damaging.damages[0]


def _checked(perceptual: str, n_target: int) -> str:
    """The path of a file of weights, looked at once before anything is learnt."""
    if perceptual:
        vgg_features(perceptual)
        if n_target not in (1, 3):
            raise UsageError(f"--perceptual compares grey or coloured pictures, not {n_target} channels.")
    return perceptual


def _n_source(records: Pairs) -> int:
    """Channels of what is given: of damaged records one more, which says where the damage is."""
    if records.source is not None:
        return records.source.n_channels
    return records.target.n_channels + (records.task == "restore")


def window_of(sides: np.ndarray, longest: int, factor: int = 1, size: int = 0) -> tuple[int, ...]:
    """Sides of a window: no longer than `longest`, than most records, and multiples that networks like.

    Args:
        sides: Of each record, shape `(n, n_dims)`.
        longest: Of a window.
        factor: Sides are multiples of this many of the smallest windows, too.
        size: Longest side that whole records are brought to: then windows are that; 0: they are not.
    """
    if size:
        return (size,) * sides.shape[1]
    step = SMALLEST_WINDOW * factor
    longest = max(longest // step, 1) * step
    usual = np.median(sides, 0).astype(int)
    return tuple(int(max(step, min(longest, -(-side // step) * step))) for side in usual.tolist())


def _is_mask(values: np.ndarray) -> bool:
    return bool(np.mean((values > MASK_EDGE) & (values < 1 - MASK_EDGE)) <= MASK_TONES)


def _are_alike(given: list[np.ndarray], wanted: list[np.ndarray]) -> bool:
    """Whether what is bright in what is given is bright in what is wanted."""
    found: list[float] = []
    for one, other in zip(given, wanted, strict=True):
        if one.shape != other.shape:
            return False
        if np.ptp(one) and np.ptp(other):
            found.append(float(np.corrcoef(one.ravel(), other.ravel())[0, 1]))
    return bool(found and np.mean(found) >= ALIKE)
