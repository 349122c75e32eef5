"""What a broken promise is, and what checks of kinds and of games have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import torch
from torch import Tensor

from gansmith.engine.checkpoint import Checkpoints
from gansmith.engine.train import Training
from gansmith.errors import GansmithError

N_STEPS: Final = 6
"""Length of the runs that are compared bit by bit."""


class ConformanceError(GansmithError):
    """A kind of data or a game broke a promise; the message says which one, and how."""


def broken(who: str, promise: str, found: str) -> ConformanceError:
    """The error that says who broke a promise, and what was found instead."""
    return ConformanceError(f"{who} breaks a promise: {promise}. Found: {found}.")


@runtime_checkable
class Subject(Protocol):
    """What is checked."""

    @property
    def folder(self) -> Path:
        """Empty; for checkpoints."""
        ...

    def require(self, is_kept: bool, promise: str, found: str) -> None:
        """Raise ConformanceError unless the promise is kept."""
        ...


def resumed_equals_uninterrupted(run: Callable[[Checkpoints | None], Training], subject: Subject) -> None:
    """Raise ConformanceError unless a run that is taken up in its middle ends as one that is not stopped."""
    whole = run(None)
    losses = [record.losses for record in whole]
    for record in run(Checkpoints(subject.folder / "checkpoints")):
        if record.step == N_STEPS // 2:
            break
    resumed = run(Checkpoints(subject.folder / "checkpoints"))
    n_before = resumed.step
    later = [record.losses for record in resumed]
    promise = "a resumed run equals an uninterrupted one bit for bit"
    subject.require(n_before == N_STEPS // 2, promise, f"a start at step {n_before}")
    subject.require(later == losses[n_before:], promise, "other losses")
    subject.require(same(whole.kept, resumed.kept), promise, "other weights")
    subject.require(same(whole.game.state(), resumed.game.state()), promise, "another state")


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether both hold the same tensors bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
