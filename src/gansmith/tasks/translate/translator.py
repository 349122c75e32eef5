"""Learns to turn records into others, in the manner of scikit-learn's transformers.

larger = gansmith.Translator(upscale=4, budget="30m").fit("photos/")
larger.transform(picture)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, final

from sklearn.base import BaseEstimator

from gansmith.engine.train import StepRecord
from gansmith.errors import UsageError
from gansmith.modalities.grids import Turned
from gansmith.scorecard.translation.card import TranslationCard
from gansmith.settings import from_plain
from gansmith.tasks.learner import AbstractLearner, folder_of
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.runs.fit import FitConfig, start
from gansmith.tasks.runs.resuming import begun_again
from gansmith.tasks.synthesize import UnfittedError
from gansmith.tasks.translate.judging import judged
from gansmith.tasks.translate.translation import Translation


@final
class Translator(AbstractLearner, BaseEstimator):
    """Learns pairs of records, what is given and what is wanted, and makes the second of the first.

    With `upscale` or `restore` good records alone are learnt from: what is given is made of them.

    Args:
        upscale: Make records so many times larger, 2 to 8; 0: no larger.
        restore: Repair damaged records.
        damage: What is to be mended: "old" photographs (the default), or "camera".
        perceptual: A safetensors file with the weights of your own VGG: what it sees is compared as well.
        size: Longest side in pixels that whole pictures are brought to; 0 learns from windows as they come.
        preset: "default", or "faithful", without the game.
        budget: Time to learn, such as 90s or 5m; empty takes the preset's length.
        samples_seen: Length in windows that are learnt from; 0 takes the budget or the preset's length.
        seed: The same seed, the same model.
        threads: Processor cores to learn with; 0 chooses.
        verbose: Whether `fit` says on standard error how it goes.

    Attributes:
        model_: The learnt `Model`, once fitted or loaded.
        notes_: How the data was understood, and what of it was not learnt.
    """

    model_: Model

    def __init__(
        self,
        *,
        upscale: int = 0,
        restore: bool = False,
        damage: str = "",
        perceptual: str = "",
        size: int = 0,
        preset: str = "default",
        budget: str = "",
        samples_seen: int = 0,
        seed: int = 0,
        threads: int = 0,
        verbose: bool = True,
    ) -> None:
        self.upscale, self.restore, self.damage = upscale, restore, damage
        self.perceptual, self.size = perceptual, size
        self.preset, self.budget, self.samples_seen = preset, budget, samples_seen
        self.seed, self.threads, self.verbose = seed, threads, verbose

    def fit(
        self,
        X: object,  # noqa: N803
        y: object = None,
        *,
        run: str | Path | None = None,
        resume: bool = False,
        show: Callable[[StepRecord], None] | None = None,
        start_from: str | Path | Model | None = None,
    ) -> Translator:
        """Learn from pairs, or from good records alone.

        Args:
            X: What is given: a folder, an archive, an array of pictures, a list of arrays, ...; to enlarge or
                to mend, good records.
            y: What is wanted, of the same names, or in the same order.
            run: A folder for checkpoints and statistics.
            resume: Go on with the run in that folder, where there is one.
            show: Called with each step record.
            start_from: A model, or its file, to fine-tune.

        Raises:
            DataError: The data cannot be read, or there are no pairs in it.
            UsageError: A setting is none, or settings do not go together.

        Warns:
            GansmithWarning: Something was not learnt as it was given, or the run was stopped.
        """
        if y is not None and (self.upscale or self.restore):
            raise UsageError("upscale and restore make what is given of what is wanted: leave y out.")
        options = {
            "upscale": self.upscale,
            "restore": self.restore,
            "damage": self.damage,
            "perceptual": self.perceptual,
            "size": str(self.size) if self.size else "",
        }
        chosen = {name: value for name, value in options.items() if value}
        config = FitConfig(
            kind="pairs",
            preset=self.preset,
            budget=self.budget,
            samples_seen=self.samples_seen,
            seed=self.seed,
            threads=self.threads,
        )
        origin = load_model(start_from) if isinstance(start_from, (str, Path)) else start_from
        source = X if y is None else (X, y)
        folder, begin = folder_of(run, resume=resume), begun_again if resume else start
        begun = partial(begin, source, config, options=chosen, folder=folder, origin=origin)
        _, self.model_ = self._learn(begun, show)
        return self

    def transform(self, X: Any, *, strength: float = 1.0, seed: int = 0) -> Any:  # noqa: N803
        """What becomes of records in memory, in the caller's own type.

        Args:
            X: One picture, `(height, width)` or `(height, width, n_channels)`, several in one array, a list
                of them, or a picture of Pillow's.
            strength: From 0, the faithful weights, to 1, the sharp ones.
            seed: Of what many answers are right for.

        Raises:
            UsageError: When not fitted yet, or the strength is out of range.
            DataError: When the records are not such as were learnt from.
        """
        translation = self.translation(strength, seed)
        return translation.translatable.turned_values(X, translation.turning())

    def apply(
        self,
        source: str | Path,
        output: str | Path,
        *,
        strength: float = 1.0,
        seed: int = 0,
        masks: str | Path | None = None,
    ) -> Iterator[Turned]:
        """Turn a file, all of a folder or an archive, or a film frame by frame, while it is iterated over.

        Args:
            source: What is given.
            output: Where the results go; names are kept.
            strength: See `transform`.
            seed: See `transform`.
            masks: A file, or a folder with files of the same names, of what is missing: white.

        Raises:
            UsageError: When not fitted yet, or there is no such format.
            DataError: When a file cannot be read or written.
        """
        translation = self.translation(strength, seed)
        return translation.apply(source, Path(output), None if masks is None else Path(masks))

    def translation(self, strength: float = 1.0, seed: int = 0) -> Translation:
        """What was learnt, to be applied with that strength.

        Raises:
            UsageError: When not fitted yet, or the strength is out of range.
        """
        if "model_" not in vars(self):
            raise UnfittedError("this translator has learnt nothing yet: call fit first.")
        return Translation(self.model_, strength, seed)

    def score(self, X: Any, y: Any, *, strength: float = 1.0, seed: int = 0) -> TranslationCard:  # noqa: N803
        """How near what becomes of records comes to the truth, and how real it looks, beside anchors.

        Args:
            X: Records to be turned, that were not learnt from.
            y: What they should become, of the same names or in the same order.
            strength: See `transform`.
            seed: See `transform`.

        Raises:
            UsageError: When not fitted yet, or the strength is out of range.
            DataError: When the records cannot be read, or are no pairs.
        """
        is_named = isinstance(X, (str, Path)) and isinstance(y, (str, Path))
        return judged(self.translation(strength, seed), X, y, by_order=not is_named)

    def save(self, path: str | Path, *, sampling_only: bool = False) -> None:
        """Write the model file; see `Model.save`."""
        model = self.translation().model
        self.model_ = replace(model, digest=model.save(path, sampling_only=sampling_only))

    def _learnt_model(self) -> Model | None:
        return vars(self).get("model_")

    @classmethod
    def load(cls, path: str | Path) -> Translator:
        """A fitted translator from a model file.

        Raises:
            ModelFileError: When the file is missing, damaged or hostile.
            UsageError: When it is a model of something else.
        """
        model = load_model(path)
        state = Translation(model).state
        fit = from_plain(FitConfig, model.manifest["fit"])
        translator = cls(
            upscale=state.factor if state.task == "upscale" else 0,
            restore=state.task == "restore",
            damage=state.damage,
            perceptual=state.perceptual,
            size=state.size,
            preset=fit.preset,
            budget=fit.budget,
            samples_seen=fit.samples_seen,
            seed=fit.seed,
            threads=fit.threads,
        )
        translator.model_ = model
        return translator
