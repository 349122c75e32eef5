"""Annotations of the package are checked wherever a test calls it: kinds of values, shapes, axes, results."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float

from gansmith.engine.penalties import around_real, between, consistency_penalty
from gansmith.engine.randomness import Randomness
from gansmith.scorecard.score import Score
from gansmith.tabular.keyed import Keyed

WRONG: dict[str, Callable[[], object]] = {
    "a kind": lambda: Randomness("seed"),  # pyright: ignore[reportArgumentType]
    "a field": lambda: Score("high", 0.1, 10, "higher"),  # pyright: ignore[reportArgumentType]
    "a default": lambda: Score(0.5, 0.1, 10, "higher", label=3),  # pyright: ignore[reportArgumentType]
    "a method": lambda: Keyed().part(3),  # pyright: ignore[reportArgumentType]
    "a shape": lambda: consistency_penalty(torch.ones(3, 1), torch.ones(3, 1)),
    "a type of numbers": lambda: consistency_penalty(torch.ones(3).int(), torch.ones(3).int()),
    "an axis": lambda: consistency_penalty(torch.ones(3), torch.ones(4)),
    "an axis among others": lambda: between(torch.ones(3, 2), torch.ones(3, 2), torch.ones(4)),
    "another library": lambda: consistency_penalty(*[np.ones(3)] * 2),  # pyright: ignore[reportArgumentType]
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_what_an_annotation_forbids_is_caught(call):
    with pytest.raises(TypeError, match="violates type hint"):
        call()


def test_an_axis_is_as_long_as_it_is_in_one_call_alone():
    for n in (3, 4):
        assert consistency_penalty(torch.ones(n), torch.ones(n)).shape == (n,)


def test_a_function_within_a_function_is_checked():
    measure = around_real(lambda discriminator, samples: torch.ones(len(samples)))
    with pytest.raises(TypeError, match="violates type hint"):
        measure(None)  # pyright: ignore[reportArgumentType]


def _twice(row: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return np.concatenate([row, row])


def _in_words(row: Float[np.ndarray, " n"]) -> str:
    return row.sum()


@pytest.mark.parametrize("function", [_twice, _in_words])
def test_a_result_is_checked(function):
    checked = runpy.run_path(str(Path(__file__).parents[1] / "annotations.py"))["checked"]
    with pytest.raises(TypeError, match="violates type hint"):
        checked(function)(np.ones(3))
