"""Checkpoints: everything a run needs to go on as if it had never stopped.

One safetensors file each, written aside and renamed, with a digest of its content. The newest readable
one counts, so a kill at any moment, a full disk or a damaged file costs at most the steps since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from gansmith.store import write_whole

Sort = Literal["step", "stop"]
"""Regular checkpoints, and the one where a run was interrupted."""


@final
@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after `step` steps."""

    step: int
    values: Mapping[str, Any]
    """Counters and scores; plain JSON."""
    tensors: Mapping[str, Tensor]
    """Weights, moments and averages of all players, and those that are kept."""


@final
class Checkpoints:
    """A folder of checkpoints that keeps the newest few.

    Args:
        folder: Made when the first checkpoint is saved.
        n_kept: How many of the newest files stay; at least two, so that one damaged file costs nothing.
    """

    def __init__(self, folder: Path, n_kept: int = 3) -> None:
        self.folder = folder
        self._n_kept = n_kept

    def save(self, checkpoint: Checkpoint, *, is_stop: bool = False) -> None:
        """Write it whole, then drop the oldest.

        With `is_stop` it was made where the run happened to be interrupted. There is one such file at most,
        it pushes no regular one out, and the next one of either sort takes its place.

        Raises:
            DataError: When the disk is full; the checkpoints before it stay.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        values = json.dumps(checkpoint.values, sort_keys=True)
        tensors = dict(checkpoint.tensors)
        metadata = {"values": values, "sha256": _digest(values, tensors)}
        path = self._path(checkpoint.step, "stop" if is_stop else "step")
        write_whole(path, safetensors.torch.save(tensors, metadata), is_private=True)
        old_stops = [self._path(step, "stop") for step in self.steps("stop")]
        old = [self._path(step, "step") for step in self.steps()[: -self._n_kept]]
        for left in {*old, *old_stops} - {path}:
            left.unlink(missing_ok=True)

    def steps(self, sort: Sort = "step") -> list[int]:
        """The steps at which there is a file, oldest first."""
        names = (re.fullmatch(rf"{sort}-(\d{{10}})", path.stem) for path in self.folder.glob("*.safetensors"))
        return sorted(int(name[1]) for name in names if name)

    def newest(self, sorts: Sequence[Sort] = ("step", "stop")) -> Checkpoint | None:
        """The newest checkpoint of these sorts that is whole, or None."""
        places: list[tuple[int, Sort]] = [(step, sort) for sort in sorts for step in self.steps(sort)]
        found = (self.at(step, sort) for step, sort in sorted(places, reverse=True))
        return next((checkpoint for checkpoint in found if checkpoint is not None), None)

    def at(self, step: int, sort: Sort = "step") -> Checkpoint | None:
        """The checkpoint of that step, or None where it is missing or damaged."""
        path = self._path(step, sort)
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                metadata: dict[str, str] = file.metadata() or {}
                tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
        except (OSError, safetensors.SafetensorError):
            return None
        if metadata.get("sha256") != _digest(metadata.get("values", ""), tensors):
            return None
        return Checkpoint(step, json.loads(metadata["values"]), tensors)

    def _path(self, step: int, sort: Sort) -> Path:
        return self.folder / f"{sort}-{step:010d}.safetensors"


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _digest(values: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(values.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
