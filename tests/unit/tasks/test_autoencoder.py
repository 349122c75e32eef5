"""A model that was learnt by another game than the adversarial one, through the same faces."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import UsageError
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.tasks.synthesize import Synthesizer, load


@pytest.mark.slow
def test_tables_have_the_same_faces(people, tmp_path):
    with pytest.warns(UserWarning, match="fewer than 20 records: 'Oslo'"):
        learnt = Synthesizer(preset="vae", samples_seen=6_000, threads=1, seed=3).fit(people, target="city")
    with pytest.warns(UserWarning, match="too few"):
        made = learnt.sample(80, where={"city": "Oslo"})
    assert (made["city"] == "Oslo").all()
    assert list(made.columns) == list(people.columns)
    assert learnt.model_.manifest["game"]["name"] == "autoencoder"
    partial = people.head(20).assign(age=pd.array([None] * 20, dtype="Int64"))
    whole = learnt.impute(partial)
    assert whole["age"].notna().all()
    assert whole["city"].equals(partial["city"])
    learnt.save(tmp_path / "vae.gan")
    drawn = learnt.sample(30, seed=5)
    pd.testing.assert_frame_equal(load(tmp_path / "vae.gan").sample(30, seed=5), drawn, check_dtype=False)
    learnt.save(tmp_path / "small.gan", sampling_only=True)
    assert set(load(tmp_path / "small.gan").model_.networks) == {"decoder"}
    with pytest.raises(UsageError, match="'autoencoder' cannot tell real records"):
        learnt.discriminator_scores(people)
    card = learnt.score(people.head(100), quick=True)
    assert 0.4 < card["c2st"].score.value <= 1
    with pytest.warns(UserWarning, match="fewer than 20"):
        again = Synthesizer(samples_seen=1_000, threads=1).fit(people, start_from=learnt)
    assert again.model_.manifest["origin"] == learnt.model_.known_digest()


def test_pictures_have_the_same_faces(tmp_path):
    pixels = bundled_digits().pixels
    learnt = Synthesizer(preset="vae", samples_seen=16_000, threads=1).fit(pixels)
    assert learnt.model_.manifest["training"]["held_out_score"] > 0.3
    drawn = learnt.sample(40)
    assert drawn.shape == (40, 8, 8)
    assert np.abs(drawn.mean(0) - pixels.mean(0)).mean() < 1.5  # of 16
    learnt.save(tmp_path / "vae.gan")
    assert np.array_equal(load(tmp_path / "vae.gan").sample(40), drawn)
