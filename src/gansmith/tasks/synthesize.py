"""The main job in three lines: learn from data, make more of it, say how good it is.

model = gansmith.Synthesizer(budget="5m", seed=0).fit(df, target="income")
fake = model.sample(1000, where={"income": ">50K"})
print(model.score(holdout)["c2st"].score)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float

from gansmith.engine.randomness import Randomness
from gansmith.engine.train import StepRecord
from gansmith.errors import UsageError
from gansmith.modalities.base import AbstractModality, Reading
from gansmith.modalities.registry import find_modality, recognise
from gansmith.scorecard.card import Scorecard
from gansmith.tasks.fit import FitConfig, start
from gansmith.tasks.model import Model, load_model

HOLDOUT_SHARE = 0.2
"""Of the real records, where the user gives no hold-out of their own."""


@final
class Synthesizer:
    """Learns data of any kind and makes more of it.

    Args:
        kind: Kind of data: "table", "image", ...; empty finds it.
        preset: Sizes and rules.
        objective: What the players want; empty takes the preset's.
        budget: Time to learn, such as "5m"; empty takes the preset's length.
        samples_seen: Length in records the discriminator learns from, which repeats a run exactly.
        epochs: Length in passes over the training records.
        seed: The same seed, the same model, bit for bit on one machine.
        device: "auto", "cpu", "cuda" or "mps".
        threads: Processor cores to learn with; 0 chooses.

    Attributes:
        model_: The learnt `Model`, once fitted or loaded.
        target_: The target it was fitted with, or "".
    """

    model_: Model
    target_: str

    def __init__(
        self,
        *,
        kind: str = "",
        preset: str = "default",
        objective: str = "",
        budget: str = "",
        samples_seen: int = 0,
        epochs: float = 0,
        seed: int = 0,
        device: str = "auto",
        threads: int = 0,
    ) -> None:
        self.kind, self.preset, self.objective = kind, preset, objective
        self.budget, self.samples_seen, self.epochs = budget, samples_seen, epochs
        self.seed, self.device, self.threads = seed, device, threads
        self._source: object = None
        self._records: Any = None

    def fit(
        self,
        data: object,
        target: str | None = None,
        *,
        columns: Mapping[str, str] | None = None,
        where: Mapping[str, str] | None = None,
        run: str | Path | None = None,
        show: Callable[[StepRecord], None] | None = None,
    ) -> Synthesizer:
        """Learn from data.

        Args:
            data: A path, a data frame, an Arrow table, an array of pictures, ...
            target: A column to be predicted from the others, for scoring.
            columns: Kinds of columns that you know better, by name: `{"zip": "category"}`.
            where: Learn only from records with these values.
            run: A folder for checkpoints and statistics.
            show: Called with each step record.

        Returns:
            Itself, fitted.

        Raises:
            DataError: When the data cannot be read or learnt from.
            UsageError: When a setting or a name is unknown.
        """
        config = FitConfig(
            self.kind,
            self.preset,
            self.objective,
            self.budget,
            self.samples_seen,
            self.epochs,
            self.seed,
            self.device,
            self.threads,
        )
        reading = Reading(columns=dict(columns or {}), where=dict(where or {}))
        folder = None if run is None else Path(run)
        fit_run = start(data, config, target=target or "", reading=reading, folder=folder)
        for record in fit_run:
            if show is not None:
                show(record)
        self.model_, self.target_ = fit_run.model(), target or ""
        self._source, self._records = data, fit_run.prepared.records
        return self

    def sample(self, n_records: int, *, where: Mapping[str, Any] | None = None, seed: int = 0) -> Any:
        """New records, in the type of the data it was fitted on.

        Args:
            n_records: How many.
            where: Values that every record shall have, by column.
            seed: Another seed, other records.

        Raises:
            UsageError: When not fitted yet, or a column or value is unknown.
        """
        model = self._model()
        return model.modality.returned(model.codec, model.sample(n_records, seed, where), self._source)

    def opinions(self, data: object) -> Float[np.ndarray, " n"]:
        """The discriminator's probability that each record is real, in [0, 1]."""
        model = self._model()
        return model.opinions(model.modality.read(data, Reading()))

    def score(
        self, holdout: object, *, real: object = None, n_records: int | None = None, seed: int = 0
    ) -> Scorecard:
        """How real, how useful and how private fresh records are, beside the same numbers of real ones.

        Args:
            holdout: Real records that were not learnt from.
            real: What was learnt from; needed when the model came from a file.
            n_records: Synthetic records to score; None makes as many as were learnt from.
            seed: Of the sample and of everything drawn.

        Raises:
            UsageError: When not fitted, or `real` is needed and missing.
            DataError: When the hold-out does not fit the model.
        """
        model = self._model()
        if real is None and self._records is None:
            raise UsageError("a model from a file does not hold its training data: pass it as real=...")
        records = self._records if real is None else model.modality.read(real, Reading())
        fake = model.sample(n_records or len(records), seed)
        held = model.modality.read_alike(holdout, records)
        return model.modality.score(fake, records, held, self.target_ or None, seed)

    def save(self, path: str | Path, *, sampling_only: bool = False) -> None:
        """Write the model file; see `Model.save`."""
        self._model().save(path, sampling_only=sampling_only)

    def _model(self) -> Model:
        if "model_" not in vars(self):
            raise UsageError("this synthesizer has learnt nothing yet: call fit(data) first.")
        return self.model_


def load(path: str | Path) -> Synthesizer:
    """A fitted synthesizer from a model file.

    Raises:
        ModelFileError: When the file is missing, damaged or hostile.
    """
    model = load_model(path)
    fit = model.manifest["fit"]
    synthesizer = Synthesizer(**{name: fit[name] for name in ("kind", "preset", "objective", "seed")})
    synthesizer.model_, synthesizer.target_ = model, model.manifest["target"]
    return synthesizer


def score(
    synthetic: object,
    real: object,
    holdout: object = None,
    *,
    target: str | None = None,
    kind: str = "",
    seed: int = 0,
) -> Scorecard:
    """The scorecard of synthetic data, whoever made it.

    Args:
        synthetic: Synthetic records.
        real: The records they were learnt from.
        holdout: Real records that were not learnt from. None splits a fifth off `real`: then nothing shows
            whether the synthetic records copy that fifth.
        target: A column to be predicted from the others.
        kind: Kind of data; empty finds it.
        seed: Of everything drawn.

    Raises:
        DataError: When one of them cannot be read or they do not fit together.
        UsageError: When the target is unknown.
    """
    modality: AbstractModality = find_modality(kind) if kind else recognise(real)
    records = modality.read(real, Reading())
    if target:
        modality.check_target(records, target)
    fake = modality.read_alike(synthetic, records)
    if holdout is None:
        order = Randomness(seed).permutation(len(records), "holdout", 0).numpy()
        n_holdout = max(1, int(len(records) * HOLDOUT_SHARE))
        return modality.score(
            fake, records.take(order[n_holdout:]), records.take(order[:n_holdout]), target, seed
        )
    return modality.score(fake, records, modality.read_alike(holdout, records), target, seed)
