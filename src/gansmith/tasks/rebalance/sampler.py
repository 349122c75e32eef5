"""An imbalanced-learn sampler: a generator of all classes makes the records that the rare ones lack.

make_pipeline(Rebalancer(random_state=0), LogisticRegression()).fit(X, y)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast, final

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import validate_data

from gansmith.errors import UsageError
from gansmith.modalities.format import HasColumns
from gansmith.modalities.registry import find_modality, needed, options_of
from gansmith.tasks.learner import AbstractLearner
from gansmith.tasks.model import Model
from gansmith.tasks.opening import Opened
from gansmith.tasks.rebalance.generating import run_settings, times_of
from gansmith.tasks.runs.fit import start

TARGET: Final = "target"
"""What the column of classes is called that the generator learns beside the others."""


@final
class Rebalancer(AbstractLearner, BaseOverSampler):
    """Over-samples rare classes of a table with records that a generator makes.

    One generator learns all classes, so that the rare ones have what they share with the others. The original
    records come first, as they are; numbers, categories and missing cells are learnt as those of any table.
    Everything that is drawn follows from `random_state`; where `samples_seen` is 0 the `budget` decides how
    long is learnt, and two runs differ a little.

    Whether it helps is another question: `gansmith.rebalance` answers it for your data.

    Args:
        sampling_strategy: As of all over-samplers of imbalanced-learn: which classes, and how many of each.
        samples_seen: Length of the generator's run in records; 0 takes the budget.
        budget: Time to learn, such as 60s or 2m.
        random_state: Of the generator and of what it makes.
        verbose: Whether `fit_resample` says on standard error how it goes.

    Attributes:
        sampling_strategy_: How many records were made of each class.
        model_: The generator; its column of classes is called "target", their values are their places.
        notes_: How the table was understood, and what of it was not learnt, where records were made.
        n_features_in_: Columns.
        feature_names_in_: Their names, where there are such.
    """

    _parameter_constraints: dict[str, Any] = {  # noqa: RUF012 - as its base has it
        **BaseOverSampler._parameter_constraints,
        "samples_seen": "no_validation",  # by the settings of a run
        "budget": "no_validation",
        "verbose": ["boolean"],
    }
    model_: Model
    sampling_strategy_: Mapping[Any, int]

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        samples_seen: Any = 0,
        budget: Any = "60s",
        random_state: Any = None,
        verbose: Any = True,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.samples_seen, self.budget, self.random_state = samples_seen, budget, random_state
        self.verbose = verbose

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple[Any, Any, bool]:  # noqa: N802, N803
        y, is_one_of_all = check_target_type(y, indicate_one_vs_all=True)
        checking = cast("Any", check_array)  # whose parameters are typed by their defaults
        kinds = {"dtype": None, "accept_sparse": ["csr", "csc"], "ensure_all_finite": "allow-nan"}
        checked = X if _is_frame(X) else checking(X, **kinds)
        validate_data(self, X=checked, y=y, reset=True, skip_check_array=True)
        return checked, y, is_one_of_all

    def _fit_resample(self, X: Any, y: Any, **params: Any) -> Any:  # noqa: N803
        if params:
            raise UsageError(f"fit_resample takes X and y alone, not {', '.join(params)}. Leave it out.")
        source, original = _as_learnt(X)
        names, codes = np.unique(y, return_inverse=True)
        wanted = {place: int(self.sampling_strategy_.get(name, 0)) for place, name in enumerate(names)}
        seed = int(check_random_state(self.random_state).randint(2**31))
        parts, more = [original], [y]
        if any(wanted.values()):
            counts = np.bincount(codes)
            times = [times_of(int(counts[one]), len(codes)) if n else 1 for one, n in wanted.items()]
            self.model_, joined = self._learnt(source, codes, np.array(times)[codes], seed)
            for place, n in wanted.items():
                if n:
                    parts.append(_made(self.model_, joined, place, n, seed, original))
                    more.append(np.repeat(names[place : place + 1], n))
        found = np.concatenate(parts)
        return _like(X, found), np.concatenate(more).astype(y.dtype)

    def _learnt(self, source: Any, codes: np.ndarray, repeats: np.ndarray, seed: int) -> tuple[Model, Any]:
        """A generator of the records with their classes, and the records as they were given to it.

        Args:
            source: A table.
            codes: The class of each record, shape `(n,)`.
            repeats: How often each is learnt from in a pass, shape `(n,)`.
            seed: Of everything drawn.
        """
        started, modality = time.monotonic(), find_modality("table")
        texts = np.array([f"class {code}" for code in codes], object)
        joined, target = needed(modality.format, HasColumns, modality.kind).with_target(source, texts)
        options = options_of(modality, "fit", {"min_count": 1, "columns": {target: "category"}})
        records = modality.format.read(joined, options).take(np.repeat(np.arange(len(codes)), repeats))
        opened = Opened(modality, records, options, target, started)
        settings = run_settings("table", self.samples_seen, self.budget, seed)
        return self._learn(partial(start, opened, settings))[1], joined

    def _learnt_model(self) -> Model | None:
        return vars(self).get("model_")

    def __sklearn_tags__(self) -> Any:
        tags: Any = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _is_frame(values: object) -> bool:
    return type(values).__module__.split(".")[0] == "pandas"


def _as_learnt(values: Any) -> tuple[Any, np.ndarray]:
    """A table that can be learnt from, dense, and the same as an array."""
    if sparse.issparse(values):
        dense = values.toarray()
        return dense, dense
    if not _is_frame(values):
        return values, values
    if any(type(dtype).__name__ == "SparseDtype" for dtype in values.dtypes):
        dense = values.sparse.to_dense()
        return dense, dense.to_numpy()
    return values, values.to_numpy()


def _like(given: Any, found: np.ndarray) -> Any:
    """Records as an array of the caller's own kind: sparse where that is."""
    if sparse.issparse(given):
        return type(given)(found)
    return found


def _made(model: Model, joined: Any, place: int, n: int, seed: int, original: np.ndarray) -> np.ndarray:
    """So many records of a class, without it, as an array like the original one."""
    records = model.sample(n, seed, where={model.manifest["target"]: f"class {place}"})
    frame = model.modality.format.returned(records, joined)
    return frame.drop(columns=model.manifest["target"]).to_numpy().astype(original.dtype)
