"""Odd series from end to end: found, explained, drawn, saved; by a model that has learnt for a second."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import gansmith
from gansmith.errors import UsageError
from gansmith.modalities.series import recipe
from gansmith.modalities.series.sight import SeriesSight
from gansmith.tasks.detect import detection
from gansmith.tasks.detect.detecting import detect
from gansmith.tasks.detect.saved import load_detection
from tests.unit.modalities.series.conftest import make_customers, make_hours

ODD = 4


def with_burst(n: int, seed: int):
    """Customers, one of whom has bought for far more than any other, three times in a row."""
    frame = make_customers(n, seed)
    places = frame.index[frame["customer_id"] == f"C{ODD:04}"][1:4]
    frame.loc[places, "amount"] = [2_000.0, 3_000.0, 2_500.0]
    return frame


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SeriesSight, "n_samples", 1_000)
        patch.setattr(recipe, "ATTRIBUTES_SEEN", 500)
        patch.setattr(recipe, "N_EVALUATIONS", 1)
        for name in ("FEWEST_MADE", "N_MADE"):
            patch.setattr(detection, name, 60)
        yield


@pytest.fixture(scope="module")
def model():
    learner = gansmith.Synthesizer(kind="series", samples_seen=192, threads=1, verbose=False)
    return learner.fit(make_customers(60)).model_


@pytest.fixture(scope="module")
def found(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    model.save(folder / "m.gan")
    frame = with_burst(30, 3)
    findings = detect(
        folder / "m.gan", frame, train=make_customers(60, 1), label="city=Rome", save=folder / "d.gan"
    )
    return folder, frame, findings


def test_an_odd_series_is_found_and_its_stretch_is_marked(found):
    _, _, findings = found
    assert set(findings.evidence) == {"contrast", "margins", "surprise"}
    assert int(np.argmax(findings.scores)) == ODD
    odd = findings.stretches[ODD]
    assert (odd.first, odd.last) == (1, 3)
    assert findings.reasons[ODD].startswith("steps 2 to 4, 2020-")
    assert "amount 2000 to 3000, higher than likely" in findings.reasons[ODD]
    assert findings.compared[0].name == "gansmith"


def test_lines_say_whose_series_it_is_and_where_it_is_odd(found, tmp_path):
    _, _, findings = found
    findings.write(tmp_path / "s.csv")
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[ODD]["name"] == f"C{ODD:04}"
    assert (rows[ODD]["first_step"], rows[ODD]["last_step"]) == ("2", "4")
    assert rows[ODD]["begins"] < rows[ODD]["ends"]
    assert "" in {row["first_step"] for row in rows}


def test_a_page_draws_the_odd_stretch(found, tmp_path):
    _, _, findings = found
    findings.to_html(tmp_path / "s.html")
    first = json.loads((tmp_path / "s.json").read_text("utf-8"))["oddest"][0]
    assert first["stretch"] == [2, 4]
    assert first["curves"]["amount"][1] == 2_000.0
    assert "amount of C0004 by step; steps 2 to 4 are marked." in (tmp_path / "s.html").read_text("utf-8")


def test_a_saved_detector_of_series_answers_as_before(found):
    folder, frame, findings = found
    loaded = load_detection(folder / "d.gan")
    assert loaded is not None
    kept = loaded[0]
    records = kept.model.modality.format.read_for(frame, kept.model.codec.empty)
    np.testing.assert_allclose(kept.scores(records), findings.scores)
    detector = gansmith.Detector.load(folder / "d.gan")
    assert int(np.argmax(detector.decision_function(frame))) == ODD


@pytest.mark.slow
def test_a_detector_learns_from_what_the_model_makes_and_one_series_is_searched_in_stretches(model):
    made = detection.made_records(model, 0)
    assert len(made) == 60
    hours = make_hours(1_200)
    hours.loc[400:405, "load"] = 60.0
    detector = gansmith.Detector(
        kind="series", samples_seen=64, contamination=0.1, threads=1, verbose=False, detector_samples=500
    )
    scores = detector.fit(make_hours(1_200)).decision_function(hours)
    assert len(scores) == len(detector.labels_) > 5
    assert int(np.argmax(scores)) == 400 * len(scores) // 1_200


def test_a_label_that_changes_within_series_is_refused(found):
    folder, frame, _ = found
    with pytest.raises(UsageError, match="changes within"):
        detect(folder / "d.gan", frame, label="kind=food")
