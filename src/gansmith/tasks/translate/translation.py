"""A learnt translation: a model that turns records into others, what is wished of it, what becomes of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch

from gansmith.engine.processors import matrix_precision, n_threads, quick_full_products, sampling_precision
from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Made, Translatable, Turned, Turning, Values
from gansmith.modalities.pairs.windows import fitting
from gansmith.modalities.registry import offered
from gansmith.modalities.translating import Aiming, Translating, Way, Wish
from gansmith.nets.resizing import resized
from gansmith.store import as_json, write_whole
from gansmith.tasks.model import Model, versions
from gansmith.tasks.translate.tiling import MOST_POINTS, Tiles, turned_by_tiles
from gansmith.tasks.writing import sealed

MOST_STRENGTH: Final = 1.0


@final
@dataclass(frozen=True)
class Translation:
    """A model that turns records into others, ready to be applied.

    Raises:
        UsageError: The model is of something else, the strength is out of range, or it cannot do that.
    """

    model: Model
    wish: Wish = field(default_factory=Wish)
    is_marked: bool = True
    """Whether files of results carry a mark that says so; masks never do."""
    is_visibly_marked: bool = False
    """Whether they carry one that everybody sees."""

    def __post_init__(self) -> None:
        if not 0 <= self.wish.strength <= MOST_STRENGTH:
            raise UsageError(
                f"strength {self.wish.strength} is none: give a number from 0, faithful, to 1, as sharp as "
                "learnt."
            )
        if self.way.is_always_marked and not self.is_marked:  # the way refuses now, too
            raise UsageError("results of identity translation are always marked. Leave --no-mark out.")

    @cached_property
    def way(self) -> Way:
        """How records are turned."""
        model = self.model
        if (translating := offered(model.modality.recipe, Translating)) is None:
            raise UsageError(
                f"this is a model of {model.modality.kind!r} data: it makes new records (gansmith sample) "
                "and turns none into others. Give one that was learnt with --to, --to-attribute, --upscale "
                "or --restore."
            )
        return translating.way(model.codec, model.rules, model.networks, self.wish)

    @property
    def translatable(self) -> Translatable:
        """The format of the records."""
        return self.way.translatable

    @property
    def provenance(self) -> dict[str, Any]:
        """Where results come from."""
        return {
            "translated": True,
            **self.way.said,
            "model": self.model.known_digest(),
            "strength": self.wish.strength,
            "seed": self.wish.seed,
            "marked": self.is_marked and not self.way.makes_masks,
            "precision": sampling_precision(self.model.rules.precision),
            "versions": versions(),
        }

    @cached_property
    def tiles(self) -> Tiles:
        """How large records are cut up."""
        way = self.way
        return Tiles(way.reach, way.multiple, way.translatable.n_dims, MOST_POINTS // way.factor)

    def by_target(self) -> dict[str, Translation]:
        """One for each value that is asked for, by name; itself, without a name, where it is only one."""
        aiming = offered(self.model.modality.recipe, Aiming)
        targets = {} if aiming is None else aiming.targets(self.model.codec, self.wish.where)
        if len(targets) < 2:
            return {"": self}
        return {name: replace(self, wish=replace(self.wish, where=where)) for name, where in targets.items()}

    def turning(self, masks: Path | None = None) -> Turning:
        """What is done to each record; `masks` say what of it counts as missing.

        Raises:
            UsageError: Masks are given to a model that does not mend.
        """
        way = self.way
        if masks is not None and not way.has_masks:
            raise UsageError(
                "masks say what is to be restored, and this model restores nothing. Leave them out."
            )
        is_marked = self.is_marked and not way.makes_masks
        return Turning(
            self.turn,
            way.n_given,
            way.factor,
            masks,
            sealed(self.provenance),
            is_marked,
            way.is_always_marked,
            self.is_visibly_marked,
            way.size,
        )

    def turn(self, values: Values) -> Made:
        """What becomes of one record.

        Args:
            values: Shape `(n_channels, *grid)`, from 0 to 1; of a record to be mended with or without one
                channel more, which says what of it is missing.

        Returns:
            Shape `(n_out, *grid)`, sides multiplied by the factor of the model, from 0 to 1.
        """
        way = self.way
        if len(values) not in (way.n_given, way.n_given + way.has_masks):
            raise DataError(
                f"a record has {len(values)} channels, the model was learnt from such with {way.n_given}. "
                "Give it records of that kind."
            )
        source = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None]
        own = source.shape[2:]
        if way.size:
            source = resized(source, fitting(tuple(own), way.size)).clamp(0, 1)
        precision = sampling_precision(self.model.rules.precision)
        with (
            torch.no_grad(),
            n_threads(os.cpu_count() or 1),
            quick_full_products(precision),
            matrix_precision(precision, torch.device("cpu")),
        ):
            made = turned_by_tiles(way.turn, way.parts(source), self.tiles, way.factor)
        if way.size:
            made = resized(made, [side * way.factor for side in own])
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
