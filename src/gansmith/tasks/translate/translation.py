"""A learnt translation: a model of pairs, how strongly it is applied, and what becomes of a record."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, cast, final

import numpy as np
import torch
from torch import Tensor, nn

from gansmith.engine.games.paired import FAITHFUL, PairedRules
from gansmith.engine.processors import matrix_precision, n_threads, quick_full_products, sampling_precision
from gansmith.engine.randomness import Randomness
from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Made, Translatable, Turned, Turning, Values
from gansmith.modalities.pairs.codec import PairCodec, PairState
from gansmith.modalities.pairs.windows import fitting
from gansmith.nets.resizing import resized
from gansmith.nets.translators import GridTranslator
from gansmith.store import as_json, write_whole
from gansmith.tasks.model import Model, sealed, versions
from gansmith.tasks.translate.tiling import MOST_POINTS, Tiles, turned_by_tiles

MOST_STRENGTH: Final = 1.0


@final
@dataclass(frozen=True)
class Translation:
    """A model of pairs, ready to be applied.

    Raises:
        UsageError: The model is of something else, or the strength is out of range.
    """

    model: Model
    strength: float = 1.0
    """From 0, the faithful weights, to 1, the sharp ones."""
    seed: int = 0
    """Of what many answers are right for; another seed, another answer."""

    def __post_init__(self) -> None:
        if not isinstance(self.model.codec, PairCodec) or not isinstance(self.model.rules, PairedRules):
            kind = self.model.modality.kind
            raise UsageError(
                f"this is a model of {kind!r} data: it makes new records (gansmith sample) and turns none "
                "into others. Give one that was learnt with --to, --upscale or --restore."
            )
        if not 0 <= self.strength <= MOST_STRENGTH:
            raise UsageError(
                f"strength {self.strength} is none: give a number from 0, faithful, to 1, as sharp as learnt."
            )

    @property
    def state(self) -> PairState:
        """What is known of the pairs."""
        return cast("PairCodec", self.model.codec).state_

    @property
    def translatable(self) -> Translatable:
        """The format of the records."""
        return cast("PairCodec", self.model.codec).translatable

    @property
    def provenance(self) -> dict[str, Any]:
        """Where results come from."""
        return {
            "translated": True,
            "task": self.state.task,
            "model": self.model.known_digest(),
            "strength": self.strength,
            "seed": self.seed,
            "precision": sampling_precision(self.model.rules.precision),
            "versions": versions(),
        }

    @cached_property
    def network(self) -> GridTranslator:
        """The generator with weights between the faithful and the sharp ones."""
        networks = self.model.networks
        sharp, faithful = networks["generator"], networks[FAITHFUL]
        if self.strength == 1:
            return cast("GridTranslator", sharp)
        return cast("GridTranslator", between(faithful, sharp, self.strength))

    @cached_property
    def tiles(self) -> Tiles:
        """How large records are cut up."""
        most_points = MOST_POINTS // self.state.factor
        return Tiles(self.network.reach, self.network.multiple, self.translatable.n_dims, most_points)

    def turning(self, masks: Path | None = None) -> Turning:
        """What is done to each record; `masks` say what of it counts as missing.

        Raises:
            UsageError: Masks are given to a model that does not mend.
        """
        if masks is not None and self.state.task != "restore":
            raise UsageError(
                "masks say what is to be restored, and this model restores nothing. Leave them out."
            )
        n_channels = self.state.n_source - (self.state.task == "restore")
        return Turning(self.turn, n_channels, self.state.factor, masks, sealed(self.provenance))

    def turn(self, values: Values) -> Made:
        """What becomes of one record.

        Args:
            values: Shape `(n_channels, *grid)`, from 0 to 1; of a record to be mended with or without one
                channel more, which says what of it is missing.

        Returns:
            Shape `(n_out, *grid)`, sides multiplied by the factor of the model, from 0 to 1.
        """
        state = self.state
        if state.task == "restore" and len(values) == state.n_source - 1:
            values = np.concatenate([values, np.zeros_like(values[:1])])
        if len(values) != state.n_source:
            raise DataError(
                f"a record has {len(values)} channels, the model was learnt from such with {state.n_source}. "
                "Give it records of that kind."
            )
        source = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None]
        own = source.shape[2:]
        if state.size:
            source = resized(source, fitting(tuple(own), state.size)).clamp(0, 1)
        precision = sampling_precision(self.model.rules.precision)
        with (
            torch.no_grad(),
            n_threads(os.cpu_count() or 1),
            quick_full_products(precision),
            matrix_precision(precision, torch.device("cpu")),
        ):
            made = turned_by_tiles(self._made, self._parts(source), self.tiles, state.factor)
        if state.size:
            made = resized(made, [side * state.factor for side in own])
        return made.clamp_(0, 1)[0].numpy()

    def apply(self, source: str | Path, output: Path, masks: Path | None = None) -> Iterator[Turned]:
        """Turn a file, a folder, an archive or a film; see `Translatable.turned`."""
        return self.translatable.turned(source, output, self.turning(masks))

    def write_provenance(self, output: Path, n_records: int) -> None:
        """Say beside a result where it comes from: `OUTPUT.meta.json`.

        Raises:
            DataError: It cannot be written.
        """
        content = as_json({**self.provenance, "records": n_records}) + b"\n"
        write_whole(Path(f"{output}.meta.json"), content)

    def _made(self, parts: Sequence[Tensor]) -> Tensor:
        return self.network(*parts)

    def _parts(self, source: Tensor) -> list[Tensor]:
        """The source, and noise where there is any: a function of the record and the seed."""
        rules = cast("PairedRules", self.model.rules)
        if not rules.n_noise:
            return [source]
        digest = blake2b(source.numpy().tobytes(), digest_size=4).digest()
        stream = Randomness(self.seed).stream("apply")
        noise = rules.noise_for(source, stream, int.from_bytes(digest, "little"))
        assert noise is not None
        return [source, noise]


def between(faithful: nn.Module, sharp: nn.Module, strength: float) -> nn.Module:
    """A network with weights between those of two: a share `strength` of the way from the first.

    Source: Wang et al. 2018, "ESRGAN", section 3.4, network interpolation (arXiv:1809.00219).
    """
    blended = copy.deepcopy(faithful)
    ends: Mapping[str, Tensor] = sharp.state_dict()
    weights = {name: value.lerp(ends[name], strength) for name, value in faithful.state_dict().items()}
    blended.load_state_dict(weights)
    return blended
