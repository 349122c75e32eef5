"""Two sets of records: of one source they do not differ; where they do, it is said in which parts."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.modalities.sight import MovedPart
from gansmith.scorecard.features import draws
from gansmith.tasks.detect.drift import Drift, drift


@pytest.fixture(scope="module")
def read(detection):
    def read(frame):
        return detection.model.modality.format.read_for(frame, detection.model.codec.empty)

    return read


@pytest.fixture(scope="module")
def compared(detection, usual, read):
    return lambda frame, seed=0: drift(detection, usual, read(frame), seed)


def test_people_of_one_town_have_not_moved(compared, draw_people):
    found = compared(draw_people(400, 3))
    assert not found.is_moved
    assert found.parts == ()
    assert found.auc == pytest.approx(0.5, abs=0.1)
    assert found.sentence.startswith(
        "No drift was found: boosted trees tell the two sets apart with an AUC of "
    )


@pytest.mark.slow
def test_of_twenty_pairs_of_one_source_hardly_any_has_moved(detection, draw_people, read):
    found = [
        drift(detection, read(draw_people(400, 2 * seed + 10)), read(draw_people(400, 2 * seed + 11)), seed)
        for seed in range(20)
    ]
    again = drift(detection, read(draw_people(400, 10)), read(draw_people(400, 11)), 0)
    assert again == found[0]
    assert sum(one.is_moved for one in found) <= 2
    assert sum(bool(one.parts) for one in found) <= 1
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.03)


def test_the_column_that_was_shifted_is_named_first(compared, draw_people):
    other = draw_people(400, 3)
    other["income"] += 4_000
    other.loc[:60, "city"] = "Oslo"
    found = compared(other)
    assert found.is_moved
    assert [part.name for part in found.parts] == ["income", "city"]
    assert found.parts[0].effect > found.parts[1].effect
    assert "What changed: income, city." in found.sentence
    assert "before" in found.parts[0].words
    assert found.odder < 0.01


def test_what_no_longer_goes_together_is_told_though_no_part_has_moved(compared, draw_people):
    other = draw_people(400, 3)
    other["income"] = draws(0).permutation(other["income"].to_numpy())
    found = compared(other)
    assert found.parts == ()
    assert found.auc > 0.7
    assert found.is_moved
    assert "No part changed by itself, but how they are related." in found.sentence


def test_many_parts_are_counted_in_the_sentence():
    parts = tuple(MovedPart(name, 0.5, 1e-9, "") for name in "abcde")
    assert "What changed: a, b, c and 2 more." in Drift("new", 0.9, 0.01, parts, 0.5).sentence
    assert not Drift("new", 0.52, 0.02, (), 0.5).is_moved
    assert Drift("new", 0.6, 0.02, (), 0.5).is_moved
    assert Drift("new", 0.5, 0.02, (), 0.001).is_moved
