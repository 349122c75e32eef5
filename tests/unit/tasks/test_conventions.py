"""What users of scikit-learn expect of an estimator."""

from __future__ import annotations

import subprocess
import sys
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import (
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
)
from sklearn.utils.validation import check_is_fitted

from gansmith.errors import UsageError
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.tasks.synthesize import Synthesizer, load

SMALL: dict[str, Any] = {"preset": "small", "samples_seen": 300, "threads": 1}


@pytest.fixture(scope="module")
def half(people):
    return people.iloc[:150]


@pytest.fixture(scope="module")
def fitted(half):
    return Synthesizer(**SMALL).fit(half.drop(columns="member"), half["member"])


@pytest.mark.parametrize(
    "check",
    [
        check_parameters_default_constructible,
        check_no_attributes_set_in_init,
        check_get_params_invariance,
        check_set_params,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learns_own_checks(check):
    check("Synthesizer", Synthesizer())


def test_every_setting_is_stored_under_its_name():
    names = list(signature(Synthesizer.__init__).parameters)[1:]
    assert sorted(Synthesizer().get_params()) == sorted(names)


def test_a_clone_has_the_settings_and_nothing_learnt(fitted):
    again: Any = clone(fitted)
    assert again.get_params() == fitted.get_params()
    check_is_fitted(fitted)
    with pytest.raises(NotFittedError):
        check_is_fitted(again)


def test_settings_can_be_changed_and_seen():
    changed = Synthesizer().set_params(seed=7, budget="5m")
    assert (changed.seed, changed.budget) == (7, "5m")
    assert repr(changed) == "Synthesizer(budget='5m', seed=7)"
    with pytest.raises(ValueError, match="sede"):
        changed.set_params(sede=7)


@pytest.mark.parametrize("error", [NotFittedError, UsageError])
def test_what_has_learnt_nothing_says_so(error):
    with pytest.raises(error, match="call fit"):
        Synthesizer().sample(3)


def test_y_is_one_more_column_and_the_target(half, fitted):
    assert fitted.target_ == "member"
    assert fitted.n_features_in_ == half.shape[1] - 1
    assert fitted.feature_names_in_.tolist() == [name for name in half.columns if name != "member"]
    fake = fitted.sample(20, seed=0)
    assert list(fake.columns)[-1] == "member"
    assert fake["member"].dtype == half["member"].dtype
    same = Synthesizer(**SMALL).fit(
        half.drop(columns="member").assign(member=half["member"]), target="member"
    )
    pd.testing.assert_frame_equal(same.sample(20, seed=0), fake)
    assert same.n_features_in_ == half.shape[1]


def test_y_goes_by_place_not_by_index(half, fitted):
    shuffled = half["member"].set_axis(np.arange(len(half))[::-1])
    again = Synthesizer(**SMALL).fit(half.drop(columns="member"), shuffled)
    pd.testing.assert_frame_equal(again.sample(9), fitted.sample(9, seed=0))


@pytest.mark.parametrize("kind", ["array", "list", "frame"])
def test_y_may_be_any_row_of_values(half, kind):
    y = half["member"]
    given = {"array": y.to_numpy(), "list": y.to_list(), "frame": y.to_frame()}[kind]
    learnt = Synthesizer(**SMALL).fit(half.drop(columns="member"), given)
    assert learnt.target_ == ("member" if kind == "frame" else "target")
    assert set(learnt.sample(30)[learnt.target_]) <= {True, False}


def test_y_joins_frames_of_other_libraries(half):
    x = half[["age", "city"]]
    arrow = pa.Table.from_pandas(x, preserve_index=False)
    for frame, y in (
        (pl.from_arrow(arrow), pl.Series("late", half["member"])),
        (arrow, half["member"].to_numpy()),
    ):
        learnt = Synthesizer(**SMALL).fit(frame, y)
        fake = learnt.sample(5)
        assert type(fake) is type(frame)
        assert learnt.target_ in (fake.column_names if isinstance(fake, pa.Table) else fake.columns)


def test_a_name_for_y_and_a_target_are_the_same(half):
    assert Synthesizer(**SMALL).fit(half, "member").target_ == "member"
    with pytest.raises(UsageError, match="both y and target"):
        Synthesizer().fit(half, half["member"], target="member")


@pytest.mark.parametrize(
    ("y", "said"),
    [([1, 2], "2 values for"), (3, "is a int"), (np.zeros((150, 2)), "2 columns"), (None, "")],
)
def test_a_y_that_does_not_fit(half, y, said):
    if y is None:
        y, said = half["age"], "so is a column"
    with pytest.raises(UsageError, match=said):
        Synthesizer(**SMALL).fit(half, y)


def test_y_needs_records_that_can_take_a_column(half, tmp_path):
    half.to_csv(tmp_path / "people.csv", index=False)
    with pytest.raises(UsageError, match="target='NAME'"):
        Synthesizer().fit(tmp_path / "people.csv", half["member"])
    with pytest.raises(UsageError, match="'image' has no columns"):
        Synthesizer().fit(bundled_digits().pixels, np.zeros(10))


def test_an_array_of_rows_is_a_table(half):
    rows = half[["age"]].assign(half=half["age"] / 2).to_numpy()
    learnt = Synthesizer(**SMALL).fit(rows)
    fake = learnt.sample(12)
    assert (type(fake), fake.shape, fake.dtype) == (np.ndarray, (12, 2), rows.dtype)
    assert learnt.n_features_in_ == 2
    assert "feature_names_in_" not in vars(learnt)


def test_it_may_be_the_last_step_of_a_pipeline(half):
    keep = FunctionTransformer(lambda frame: frame[["age", "city"]])
    pipeline = make_pipeline(keep, Synthesizer(**SMALL)).fit(half, half["member"])
    assert list(pipeline.named_steps["synthesizer"].sample(4).columns) == ["age", "city", "member"]
    assert "Synthesizer" in repr(clone(pipeline))
    scaled = make_pipeline(StandardScaler(), Synthesizer(**SMALL)).fit(half[["age"]])
    assert scaled.named_steps["synthesizer"].sample(4).shape == (4, 1)


def test_a_model_from_a_file_knows_its_columns(fitted, half, tmp_path):
    fitted.save(tmp_path / "people.gan")
    again = load(tmp_path / "people.gan")
    check_is_fitted(again)
    assert again.n_features_in_ == half.shape[1]


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, gansmith; print([m for m in ('sklearn', 'torch', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
