"""What all estimators have in common: they say how the learning goes, and what has come of it."""

from __future__ import annotations

import inspect
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gansmith.engine.length import spelt_cuts
from gansmith.engine.train import StepRecord
from gansmith.errors import Caution, GansmithWarning, UsageError
from gansmith.tasks.runs.telling import Teller, played

if TYPE_CHECKING:
    from gansmith.tasks.model import Model
    from gansmith.tasks.runs.fit import FitRun

_HOME: Final = str(Path(__file__).parents[1])


class AbstractLearner(ABC):
    """An estimator that plays a game.

    Attributes:
        verbose: Whether `fit` says on standard error how it goes.
        notes_: How the data was understood, and what of it was not learnt; once fitted.
    """

    verbose: bool
    notes_: tuple[str, ...]

    @abstractmethod
    def _learnt_model(self) -> Model | None:
        """The model that was learnt; None before."""

    def _learn(
        self, begin: Callable[[], FitRun], show: Callable[[StepRecord], None] | None = None
    ) -> tuple[FitRun, Model]:
        """Play a run, and say how it goes. Ctrl-C ends it, and the best model so far is kept.

        Args:
            begin: Reads the data and gives the run.
            show: Called with each step record.

        Returns:
            The run, and what it has learnt.

        Warns:
            GansmithWarning: Something was not learnt as it was given, or the run was stopped.
        """
        started, teller = time.monotonic(), Teller(self.verbose)
        teller.passes("reading the data, fitting columns, networks and length to it ...")
        try:
            run = begin()
            data = run.prepared.manifest["data"]
            teller.stays(f"{data['name']}: {data['n_records']:,} records, {data['n_heldout']:,} held out")
            for note in run.notes:
                teller.stays(f"Note: {note}")
            is_finished = played(run, teller, show)
            teller.clear()
            teller.passes("finishing the model ...")
            try:
                model = run.model()
            except KeyboardInterrupt:
                is_finished, model = False, run.model(has_last_touch=False)
        finally:
            teller.clear()
        teller.stays(f"learnt in {time.monotonic() - started:,.1f} s{_repeating(run)}")
        self.notes_ = run.notes
        for note in run.notes:
            if isinstance(note, Caution):
                warn(note)
        if not is_finished:
            warn(_stopped(run))
        return run, model

    def __repr__(self) -> str:
        model = self._learnt_model()
        return super().__repr__() if model is None else f"<{type(self).__name__} of {model.in_short()}>"

    def __str__(self) -> str:
        model = self._learnt_model()
        if model is None:
            return repr(self)
        facts = model.facts()
        width = max(map(len, facts)) + 2
        lines = (f"  {name:{width}}{value}" for name, value in facts.items())
        return "\n".join([f"{type(self).__name__}, fitted", *lines])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows, in the place of scikit-learn's diagram of settings."""
        return {"text/plain": str(self), "text/html": f"<pre>{escape(str(self))}</pre>"}


def warn(text: str) -> None:
    """Warn the code outside of this package that has called it."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_HOME):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, GansmithWarning, stacklevel=level)


def _repeating(run: FitRun) -> str:
    """The settings that repeat a run of no known length; "" where those that were given do."""
    config = run.prepared.config
    if config.samples_seen and config.threads:
        return ""
    cuts = spelt_cuts(run.training.length.cuts)
    shortened = f"shortened={cuts!r}, " if cuts else ""
    samples_seen = run.training.config.samples_seen
    return f"; samples_seen={samples_seen}, {shortened}threads={run.n_threads} repeats it bit for bit"


def _stopped(run: FitRun) -> str:
    """What is said of a run that was stopped."""
    done = f"stopped after {run.training.step:,} of {run.training.n_steps:,} steps"
    if run.training.is_over:
        done = "stopped before the model was finished"
    how = "run=FOLDER lets fit go on next time"
    if run.folder:
        how = f"fit(..., run={str(run.folder.path)!r}, resume=True) goes on"
    return f"{done}: the best model so far is kept, and it is not finished. {how}"


def folder_of(run: str | Path | None, *, resume: bool) -> Path | None:
    """The folder of a run.

    Raises:
        UsageError: A run is to be resumed, and nobody says where it is.
    """
    if run is None and resume:
        raise UsageError("resume continues a run that is on disk: give its folder as run=...")
    return None if run is None else Path(run)
