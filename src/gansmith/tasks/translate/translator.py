"""Learns to turn records into others, in the manner of scikit-learn's transformers.

larger = gansmith.Translator(upscale=4, budget="30m").fit("photos/")
larger.transform(picture)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, final

from sklearn.base import BaseEstimator

from gansmith.engine.train import StepRecord
from gansmith.errors import UsageError
from gansmith.modalities.grids import Turned
from gansmith.modalities.pairs import longest_side_of
from gansmith.modalities.registry import offered
from gansmith.modalities.translating import Translating, Wish
from gansmith.scorecard.translation.card import TranslationCard
from gansmith.settings import from_plain
from gansmith.tabular.where import Where
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

    With `upscale` or `restore` good records alone are learnt from: what is given is made of them. With
    `unpaired`, `to_attribute` or `identity` no record has a counterpart.

    Args:
        unpaired: Two sets of records, none of which has its counterpart in the other.
        to_attribute: Learn to change this attribute of records to any of its values; several in a list.
        identity: Records of one person and of another, each to be made of the other; by the terms of use.
        accept_terms: Accept the terms of use of `identity`, which `fit` tells where they are not accepted.
        keep_attribute: What this attribute says has to be read off results as well; several in a list.
        labels: A table with a column of file names and columns of attributes; empty: looked for.
        name_parts: What the parts of names of sounds mean, such as "digit,speaker,-".
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
        unpaired: bool = False,
        to_attribute: str | Sequence[str] = "",
        keep_attribute: str | Sequence[str] = "",
        identity: bool = False,
        accept_terms: bool = False,
        labels: str = "",
        name_parts: str = "",
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
        self.unpaired, self.to_attribute, self.labels = unpaired, to_attribute, labels
        self.name_parts = name_parts
        self.keep_attribute = keep_attribute
        self.identity, self.accept_terms = identity, accept_terms
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
        if y is not None and self.to_attribute and isinstance(X, (str, Path)):
            raise UsageError("to_attribute: what is known of files stands in a table. Give labels, not y.")
        options = {
            "unpaired": self.unpaired,
            "to_attribute": _names(self.to_attribute),
            "keep_attribute": _names(self.keep_attribute),
            "identity": self.identity,
            "accept_terms": self.accept_terms,
            "labels": self.labels,
            "name_parts": self.name_parts,
            "upscale": self.upscale,
            "restore": self.restore,
            "damage": self.damage,
            "perceptual": self.perceptual,
            "size": str(self.size) if self.size else "",
        }
        chosen = {name: value for name, value in options.items() if value}
        config = FitConfig(
            kind="domains" if self.unpaired or self.to_attribute or self.identity else "pairs",
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

    def transform(
        self,
        X: Any,  # noqa: N803
        *,
        strength: float = 1.0,
        seed: int = 0,
        back: bool = False,
        where: Where = (),
    ) -> Any:
        """What becomes of records in memory, in the caller's own type.

        Args:
            X: One picture, `(height, width)` or `(height, width, n_channels)`, several in one array, a list
                of them, or a picture of Pillow's.
            strength: From 0, what there was before the game, to 1, all that was learnt.
            seed: Of what many answers are right for.
            back: Whether records of the second set are to become such as those of the first.
            where: What the attribute shall become, such as "expression=smile".

        Raises:
            UsageError: When not fitted yet, the strength is out of range, or the model cannot do that.
            DataError: When the records are not such as were learnt from.
        """
        translation = self.translation(strength, seed, back=back, where=where)
        return translation.translatable.turned_values(X, translation.turning())

    def apply(
        self,
        source: str | Path,
        output: str | Path,
        *,
        strength: float = 1.0,
        seed: int = 0,
        masks: str | Path | None = None,
        back: bool = False,
        where: Where = (),
    ) -> Iterator[Turned]:
        """Turn a file, all of a folder or an archive, or a film frame by frame, while it is iterated over.

        Args:
            source: What is given.
            output: Where the results go; names are kept.
            strength: See `transform`.
            seed: See `transform`.
            masks: A file, or a folder with files of the same names, of what is missing: white.
            back: See `transform`.
            where: See `transform`.

        Raises:
            UsageError: When not fitted yet, or there is no such format.
            DataError: When a file cannot be read or written.
        """
        translation = self.translation(strength, seed, back=back, where=where)
        return translation.apply(source, Path(output), None if masks is None else Path(masks))

    def translation(
        self, strength: float = 1.0, seed: int = 0, *, back: bool = False, where: Where = ()
    ) -> Translation:
        """What was learnt, to be applied like that; see `transform`.

        Raises:
            UsageError: When not fitted yet, the strength is out of range, or the model cannot do that.
        """
        return Translation(self._fitted(), Wish(strength, seed, back, where))

    def score(
        self,
        X: Any,  # noqa: N803
        y: Any = None,
        *,
        real: Any = None,
        strength: float = 1.0,
        seed: int = 0,
        back: bool = False,
        where: Where = (),
    ) -> TranslationCard:
        """How near what becomes of records comes to the truth, and how real it looks, beside anchors.

        Args:
            X: Records to be turned, that were not learnt from.
            y: What they should become, of the same names or in the same order; None: nobody knows.
            real: Any records that results should look like; None: those of `y`.
            strength: See `transform`.
            seed: See `transform`.
            back: See `transform`.
            where: See `transform`.

        Raises:
            UsageError: When not fitted yet, the strength is out of range, or the model cannot do that.
            DataError: When the records cannot be read, or are no pairs.
        """
        is_named = isinstance(X, (str, Path)) and isinstance(y, (str, Path))
        translation = self.translation(strength, seed, back=back, where=where)
        return judged(translation, X, y, real=real, by_order=not is_named)

    def save(self, path: str | Path, *, sampling_only: bool = False) -> None:
        """Write the model file; see `Model.save`."""
        model = self._fitted()
        self.model_ = replace(model, digest=model.save(path, sampling_only=sampling_only))

    def _fitted(self) -> Model:
        if "model_" not in vars(self):
            raise UnfittedError("this translator has learnt nothing yet: call fit first.")
        return self.model_

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
        if offered(model.modality.recipe, Translating) is None:
            raise UsageError(
                f"{path}: a model of {model.modality.kind!r} data turns no records into others. Give one "
                "that was learnt with --to, --to-attribute, --upscale or --restore."
            )
        fit, options = from_plain(FitConfig, model.manifest["fit"]), model.manifest["options"]
        size = longest_side_of(options.get("size", ""))
        own: dict[str, Any] = {
            **options,
            "size": size,
            **{name: _said(options.get(name, ())) for name in ("to_attribute", "keep_attribute")},
        }
        translator = cls(
            **{name: value for name, value in own.items() if name in cls._get_param_names()},
            preset=fit.preset,
            budget=fit.budget,
            samples_seen=fit.samples_seen,
            seed=fit.seed,
            threads=fit.threads,
        )
        translator.model_ = model
        return translator


def _names(named: str | Sequence[str]) -> tuple[str, ...]:
    """One name, several, or none, as options have them."""
    return tuple(filter(None, [named] if isinstance(named, str) else named))


def _said(names: Sequence[str]) -> str | Sequence[str]:
    """The same, as a user says them."""
    return names[0] if len(names) == 1 else names
