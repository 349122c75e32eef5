"""The distance from usual records in features is that of Mahalanobis, the covariance a little shrunk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import ShrunkCovariance
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.errors import DataError
from gansmith.nets.discriminators import AutoencodingDiscriminator
from gansmith.scorecard.features import draws
from gansmith.tasks.detect.features import SHRINKAGE, FeatureDistance, features_of

MIXED = draws(0).normal(size=(300, 5)) @ draws(1).normal(size=(5, 5)) + 7.0


def test_the_distance_is_that_of_mahalanobis():
    distance, new = FeatureDistance.of(MIXED), MIXED[:20] + 1.0
    shrunk = (1 - SHRINKAGE) * np.cov(MIXED.T, bias=True)
    shrunk += SHRINKAGE * np.trace(np.cov(MIXED.T, bias=True)) / 5 * np.eye(5)
    theirs = [mahalanobis(one, MIXED.mean(0), np.linalg.inv(shrunk)) ** 2 for one in new]
    assert distance.of_each(new) == pytest.approx(theirs)
    others = ShrunkCovariance(shrinkage=SHRINKAGE).fit(MIXED)
    assert distance.of_each(new) == pytest.approx(others.mahalanobis(new))


def test_usual_records_lie_as_far_as_there_are_features():
    assert FeatureDistance.of(MIXED).of_each(MIXED).mean() == pytest.approx(5, rel=0.2)
    assert FeatureDistance.of(MIXED).of_each(MIXED.mean(0)[None]) == pytest.approx([0], abs=1e-9)


def test_features_that_are_constant_or_the_same_do_no_harm():
    twice = np.concatenate([MIXED, MIXED[:, :1], np.ones((300, 1))], 1)
    assert np.isfinite(FeatureDistance.of(twice).of_each(twice)).all()
    flat = FeatureDistance.of(np.ones((2, 3)))
    assert flat.of_each(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 3.0]])).tolist() == [0.0, 4.0 / SHRINKAGE]


def test_a_discriminator_that_does_not_say_what_it_looks_at_has_no_features():
    batch = Batch({"real": torch.rand(4, 3)})
    assert features_of(None, batch) is None
    assert features_of(nn.Linear(3, 1), batch) is None
    telling = features_of(AutoencodingDiscriminator(3, (8, 5), "relu"), batch)
    assert telling is not None
    assert telling.shape == (4, 5)


def test_one_that_judges_several_records_at_once_is_shown_each_so_often():
    samples, packed = torch.rand(4, 3), AutoencodingDiscriminator(6, (8, 5), "relu")
    wanted = packed.with_features(torch.cat([samples, samples], 1), None)[1][0]
    found = features_of(packed, Batch({"real": samples}), 2)
    assert found == pytest.approx(wanted.detach().double().numpy())


def test_what_is_not_finite_is_refused():
    with pytest.raises(DataError, match="does not fit together"):
        FeatureDistance(np.zeros(5), np.full((5, 5), np.nan))
