"""Odd texts and rare classes: texts as rows, which detectors and contests share."""

from __future__ import annotations

import numpy as np
import torch

from gansmith.modalities.attributes import Attributes
from gansmith.modalities.text.contesting import arena_of
from gansmith.modalities.text.recipe import TextRecipe
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.sight import TextSight

RNG = np.random.default_rng(0)
USUAL = Texts(
    tuple(" ".join(RNG.choice(["rain", "sun", "tea", "wind"], RNG.integers(4, 8))) for _ in range(80)),
    attributes=Attributes({"kind": np.array(["a", "b"] * 40, object)}),
)
ODD = Texts(("RAIN!!! 99 99 99", "sun tea wind rain"))


def test_a_text_that_is_shouted_is_odd_in_its_parts():
    sight = TextSight.fit(USUAL)
    view = sight.seen(ODD)
    margins = sight.margins(view)
    assert margins is not None
    assert margins[0].sum() > margins[1].sum()
    again = TextSight.from_state(*sight.state())
    assert torch.equal(again.seen(ODD), view)
    assert "capitals" in sight.texts(ODD)[0]


def test_a_contest_sees_the_same_numbers_of_all_sets():
    recipe = TextRecipe()
    assert recipe.classes(USUAL, "kind").tolist()[:2] == ["a", "b"]
    arena = arena_of([USUAL, ODD])
    assert arena.inputs[0].shape[1] == arena.inputs[1].shape[1]
    both = recipe.marked([USUAL, USUAL], [True, False], "mark")
    assert both.attributes.columns["mark"].tolist() == ["yes"] * 80 + ["no"] * 80
