"""The main job in three lines: learn from data, make more of it, say how good it is.

model = gansmith.Synthesizer(budget="5m", seed=0).fit(df, target="income")
fake = model.sample(1000, where={"income": ">50K"})
print(model.score(holdout)["c2st"].score)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast, final

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from gansmith.engine.train import StepRecord
from gansmith.errors import UsageError
from gansmith.modalities.format import HasColumns, HasScores
from gansmith.modalities.registry import find_modality, needed, offered, recognise
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import small_seed
from gansmith.scorecard.score import FULL, QUICK
from gansmith.settings import from_plain, settings_of
from gansmith.tabular.where import Where
from gansmith.tasks.learner import AbstractLearner, folder_of, warn
from gansmith.tasks.model import Model, load_model, versions
from gansmith.tasks.runs.fit import FitConfig, start
from gansmith.tasks.runs.resuming import begun_again
from gansmith.tasks.runs.so_far import model_at
from gansmith.tasks.runs.telling import Teller
from gansmith.tasks.writing import n_asked


class UnfittedError(UsageError, NotFittedError):
    """Something was asked of a synthesizer that has learnt nothing yet; scikit-learn's error as well."""


_Settings: Any = make_dataclass(
    "Synthesizer",
    [
        *((one.name, one.type, field(default=one.default)) for one in settings_of(FitConfig)),
        ("verbose", bool, field(default=True)),
    ],
    kw_only=True,
    eq=False,
    repr=False,
)
"""A constructor that only stores, with a parameter for each setting of a fit, and whether to speak of it."""


@final
class Synthesizer(AbstractLearner, _Settings, BaseEstimator):
    """Learns data of any kind and makes more of it; an estimator by scikit-learn's rules.

    Settings are given to the constructor, which only stores them, and can be read, set and cloned as those of
    any estimator; `FitConfig` says what each of them means, and `verbose=False` learns in silence. It may be
    the last step of a pipeline; `pipeline[-1].sample(...)` then makes records as that step has seen them.

    Attributes:
        notes_: How the data was understood, and what of it was not learnt.
        model_: The learnt `Model`, once fitted or loaded.
        target_: The target it was fitted with, or "".
        feature_names_in_: Names of the columns that were given, without a target that was given as `y`; not
            there for arrays and for kinds of data without columns.
        n_features_in_: How many columns were given; not there for kinds of data without columns.
    """

    model_: Model
    target_: str
    feature_names_in_: np.ndarray
    n_features_in_: int
    _source: object = None
    _records: Any = None
    _n_samples = 0
    """How often records were made without a seed being given."""

    def fit(
        self,
        data: object,
        y: object = None,
        *,
        target: str | None = None,
        run: str | Path | None = None,
        resume: bool = False,
        show: Callable[[StepRecord], None] | None = None,
        start_from: str | Path | Model | Synthesizer | None = None,
        **options: Any,
    ) -> Synthesizer:
        """Learn from data, and say on standard error how it goes, unless `verbose=False`.

        Ctrl-C, or the notebook's stop button, ends it between two steps and keeps the best model so far.

        Args:
            data: A path, a data frame, an Arrow table, an array of pictures, ...
            y: The target, as scikit-learn passes it: values, one for each record, that become one more
                column; or the name of a column, as `target`.
            target: A column to be predicted from the others, for scoring.
            run: A folder for checkpoints and statistics.
            resume: Go on with the run in that folder, where there is one.
            show: Called with each step record.
            start_from: A model, or the path of its file, to fine-tune with data of the same columns: its
                codec and its weights are taken over, and a quarter of the usual length is enough.
            **options: Of the kind of data; of tables for example `columns={"zip": "category"}`, `schema`,
                `where`, `missing`, `min_count`: see `gansmith.modalities.table.options.TableOptions`.

        Returns:
            Itself, fitted.

        Raises:
            DataError: When the data cannot be read or learnt from.
            UsageError: When a setting, an option or a name is unknown, or an option is of another kind; or
                when they are not those that a run to be resumed was started with.

        Warns:
            GansmithWarning: Something was not learnt as it was given, or the run was stopped.
        """
        source, target, n_joined = self._with_target(data, y, target, options)
        chosen = {name: _python(value) for name, value in self.get_params(deep=False).items()}
        chosen.pop("verbose")
        config = FitConfig(**chosen)
        if belonging := sorted(options.keys() & chosen.keys()):
            raise UsageError(
                f"{belonging[0]} is a setting of the run: give it to Synthesizer({belonging[0]}=...)."
            )
        folder, origin = folder_of(run, resume=resume), self._origin_of(start_from)
        begin = begun_again if resume else start
        begun = partial(begin, source, config, target=target, options=options, folder=folder, origin=origin)
        fit_run, model = self._learn(begun, show)
        self._learnt(model, model.manifest["target"], n_joined, has_names=not isinstance(data, np.ndarray))
        self._source, self._records = source, fit_run.prepared.records
        return self

    def _with_target(
        self, data: object, y: object, target: str | None, options: Mapping[str, Any]
    ) -> tuple[object, str, int]:
        """The data with the target's values as a column, the target's name, and how many columns came so."""
        if y is None:
            return data, target or "", 0
        if target is not None:
            raise UsageError("both y and target are given, and both say what the target is. Give one.")
        if isinstance(y, str):
            return data, y, 0
        modality = find_modality(self.kind) if self.kind else recognise(data, options)
        return *needed(modality.format, HasColumns, modality.kind).with_target(data, y), 1

    def _learnt(self, model: Model, target: str, n_joined: int = 0, *, has_names: bool = True) -> None:
        """Keep what was learnt, under the names that scikit-learn gives such things."""
        self.model_, self.target_, self._n_samples = model, target, 0
        for name in ("feature_names_in_", "n_features_in_"):
            self.__dict__.pop(name, None)  # of an earlier fit
        if named := offered(model.modality.format, HasColumns):
            names = named.names(model.codec.empty)
            names = names[: len(names) - n_joined]
            self.n_features_in_ = len(names)
            if has_names:
                self.feature_names_in_ = np.array(names, object)

    def sample(
        self,
        n_records: int | None = None,
        *,
        where: Where | None = None,
        balance: str = "",
        seed: int | None = None,
        truncation: float = 1.0,
        **options: Any,
    ) -> Any:
        """New records, in the type of the data it was fitted on.

        Each call makes others: the first of a fitted or loaded model takes the seed 0, the next one 1, ...

        Args:
            n_records: How many; None: 1,000, or as the kind's options say, such as `scale` of databases.
            where: Conditions that every record shall fulfil: `{"income": ">50K", "city": ["Rome", "Oslo"],
                "age": {">=": 65}, "pay": None}`, where None is a missing cell; or texts as on the command
                line, `["income=>50K", "age>=65"]`.
            balance: A column of which every value shall be equally frequent.
            seed: The same seed, the same records; None takes one that was not taken yet.
            truncation: What noise is multiplied with: below 1 records are more usual, and less various.
            **options: Of the kind of data: of series `steps`, how many each has.

        Raises:
            UsageError: When not fitted yet, or what is asked for is unknown or cannot be.

        Warns:
            GansmithWarning: The model is not finished, or too few of the records that were learnt from are
                like what is asked for.
        """
        model = self._model()
        where = model.asked(where, options)
        for doubt in model.doubts(where, balance):
            warn(doubt)
        n, _ = n_asked(model.modality, model.codec, n_records, options)
        made = model.sample(n, self._seed(seed), where, balance, truncation)
        return model.modality.format.returned(made, self._source)

    def impute(self, data: object, *, keep_missing: bool = False, seed: int = 0, **options: Any) -> Any:
        """Partial records with their gaps filled, in the caller's own type; what is there stays as it is.

        Args:
            data: A path, a data frame, an Arrow table, ...: cells may be missing, and whole columns.
            keep_missing: Whether a cell may stay missing, where the model would leave it so.
            seed: Another seed, another imputation.
            **options: Of the kind of data: series are continued by so many `steps`, in so many `futures`.

        Raises:
            UsageError: When not fitted yet, or the model is of data without gaps.
            DataError: When the data cannot be read, or holds a column that the model does not know.
        """
        model = self._model()
        partial = model.read_partial(data, keep_missing=keep_missing, options=options)
        return model.imputed(partial, seed)

    def write(
        self,
        path: str | Path,
        n_records: int,
        *,
        where: Where | None = None,
        balance: str = "",
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Write new records, such as `sample` gives, in the format of the name of a file.

        Each call makes others; see `sample`.

        Returns:
            Where they came from, as it is written to PATH.meta.json beside them.

        Raises:
            UsageError: When not fitted yet, or a column, a value or the format is unknown.
            DataError: When it cannot be written.

        Warns:
            GansmithWarning: See `sample`.
        """
        model = self._model()
        for doubt in model.doubts(where, balance):
            warn(doubt)
        return model.write(path, n_records, self._seed(seed), where, balance)

    def discriminator_scores(self, data: object) -> Float[np.ndarray, " n"]:
        """The discriminator's probability that each record is real, in [0, 1].

        Args:
            data: Records as those it was fitted on; they are read as the model knows them.

        Raises:
            UsageError: When not fitted yet, or the model was saved for sampling only.
            DataError: When the data does not fit the model.
        """
        model = self._model()
        return model.realism(model.modality.format.read_for(data, model.codec.empty))

    def score(
        self,
        holdout: object,
        *,
        real: object = None,
        n_records: int | None = None,
        quick: bool = False,
        seed: int = 0,
    ) -> Scorecard:
        """How real, how useful and how private fresh records are, beside the same numbers of real ones.

        Args:
            holdout: Real records that were not learnt from.
            real: What was learnt from, read as it was then; needed when the model came from a file.
            n_records: Synthetic records to score; None makes as many as were learnt from.
            quick: Fewer records and only the cheap scores: seconds instead of a minute.
            seed: Of the sample and of everything drawn.

        Raises:
            UsageError: When not fitted, or `real` is needed and missing.
            DataError: When the hold-out does not fit the model.
        """
        model = self._model()
        if real is None and self._records is None:
            raise UsageError("a model from a file does not hold its training data: pass it as real=...")
        modality = model.modality
        scoring = needed(modality.format, HasScores, modality.kind)
        own = from_plain(modality.options, model.manifest["options"])
        records = self._records if real is None else modality.format.read(real, own)
        fake = model.sample(n_records or len(records), seed)
        held = modality.format.read_like(holdout, records)
        made = (
            ("Model", model.known_digest()[:16]),
            ("Seed", str(seed)),
            ("Gansmith", versions()["gansmith"]),
        )
        teller, effort = Teller(self.verbose), QUICK if quick else FULL
        told, target = teller.about("measuring"), self.target_ or None
        (card,) = scoring.score([fake], records, held, target, small_seed(seed), effort, told)
        teller.clear()
        return replace(card, made=made)

    def save(self, path: str | Path, *, sampling_only: bool = False) -> None:
        """Write the model file, which `write` names from then on; see `Model.save`."""
        model = self._model()
        self.model_ = replace(model, digest=model.save(path, sampling_only=sampling_only))

    @classmethod
    def of(cls, model: Model) -> Synthesizer:
        """The fitted synthesizer of a model."""
        synthesizer = cls(**vars(from_plain(FitConfig, model.manifest["fit"])))
        synthesizer._learnt(model, model.manifest["target"])
        return synthesizer

    @staticmethod
    def _origin_of(source: str | Path | Model | Synthesizer | None) -> Model | None:
        """The model to be fine-tuned, wherever it is."""
        if isinstance(source, Synthesizer):
            return source._model()
        return source if source is None or isinstance(source, Model) else load_model(source)

    def _seed(self, given: int | None) -> int:
        """The seed that is given, or the next one."""
        if given is not None:
            return given
        self._n_samples += 1
        return self._n_samples - 1

    def _learnt_model(self) -> Model | None:
        return vars(self).get("model_")

    def _model(self) -> Model:
        if "model_" not in vars(self):
            raise UnfittedError("this synthesizer has learnt nothing yet: call fit(data) first.")
        return self.model_


def _python(value: Any) -> Any:
    """NumPy's numbers as Python's own, as a search over a grid brings them."""
    if isinstance(value, (list, tuple)):
        return tuple(_python(item) for item in cast("list[Any]", value))
    return value.item() if isinstance(value, np.generic) else value


def load(path: str | Path) -> Synthesizer:
    """A fitted synthesizer from a model file; from a run folder with the best model so far.

    Raises:
        ModelFileError: When the file is missing, damaged or hostile.
        DataError: When there is no run in the folder, or none that has come far enough.
    """
    return Synthesizer.of(model_at(path))
