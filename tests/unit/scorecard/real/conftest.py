"""Small tables, and the real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gansmith.scorecard.features import Features

_ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("GANSMITH_DATA", _ROOT.parent / "shared" / "data"))


def _features(*columns: np.ndarray, categories: tuple[int, ...] = ()) -> Features:
    is_category = np.isin(np.arange(len(columns)), categories)
    names = tuple(f"c{i}" for i in range(len(columns)))
    return Features(names, np.stack(columns, 1).astype(np.float64), is_category)


def _mixed(seed: int, n: int) -> Features:
    """Two numbers and a category; the first number goes with the category."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 4, n)
    return _features(rng.normal(size=n) + code, rng.normal(size=n), code, categories=(2,))


def _encoded(*frames: pd.DataFrame) -> list[Features]:
    """Frames of equal columns with one code book: numbers as they are, all else as codes."""
    both = pd.concat(frames, ignore_index=True)
    is_category = np.array([not pd.api.types.is_numeric_dtype(both[name]) for name in both])
    values = np.empty(both.shape)
    for column, name in enumerate(both):
        if is_category[column]:
            codes = pd.factorize(both[name])[0]
            values[:, column] = np.where(codes < 0, np.nan, codes)
        else:
            values[:, column] = both[name]
    parts = np.split(values, np.cumsum([len(frame) for frame in frames])[:-1])
    return [Features(tuple(map(str, both)), part.copy(), is_category) for part in parts]


@pytest.fixture
def features() -> Callable[..., Features]:
    return _features


@pytest.fixture
def mixed() -> Callable[[int, int], Features]:
    return _mixed


@pytest.fixture
def encoded() -> Callable[..., list[Features]]:
    return _encoded


@pytest.fixture
def halves() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    """Reads two disjoint halves of a real table, some records of each; skips the test where it is absent."""

    def read(path: str, n: int, *, has_header: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
        if not (DATA / path).is_file():
            pytest.skip(f"no {path} in {DATA}")
        frame = pd.read_csv(DATA / path, header="infer" if has_header else None, na_values="?")
        frame.columns = [str(name) for name in frame.columns]
        frame = frame.sample(n=min(2 * n, len(frame)), random_state=0, ignore_index=True)
        middle = len(frame) // 2
        return frame[:middle], frame[middle:].reset_index(drop=True)

    return read
