"""A detector in a file: it scores as before, of tables and of pictures; what is damaged is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.errors import ModelFileError, UsageError
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.store.model_file import DETECTOR, as_tensor, read_model_file, write_model_file
from gansmith.tasks.detect.detector import Detector
from gansmith.tasks.detect.saved import load_detection, save_detection
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import FitConfig, start


@pytest.fixture
def path(detection, tmp_path):
    path = tmp_path / "odd.gan"
    save_detection(path, detection, {"contamination": 0.1, "threshold": 7.5})
    return path


def test_a_detector_comes_back_from_its_file(detection, path, mixed):
    found = load_detection(path)
    assert found is not None
    again, settings = found
    assert settings == {"contamination": 0.1, "threshold": 7.5}
    records = detection.model.modality.format.read_for(mixed, detection.model.codec.empty)
    assert np.array_equal(again.scores(records), detection.scores(records))
    assert np.array_equal(again.oddness(records), detection.oddness(records))
    loaded = Detector.load(path)
    assert np.array_equal(loaded.decision_function(mixed), detection.scores(records))
    assert (loaded.contamination, loaded.threshold_) == (0.1, 7.5)
    assert np.array_equal(loaded.predict(mixed) == 1, detection.scores(records) > 7.5)
    loaded.save(path.with_name("again.gan"))
    assert path.with_name("again.gan").read_bytes() == path.read_bytes()


def test_the_file_is_a_model_still(detection, path):
    made = load_model(path).sample(20)
    assert made.records.equals(detection.model.sample(20).records)


def test_a_model_alone_is_no_detector(model, tmp_path):
    model.save(tmp_path / "people.gan")
    assert load_detection(tmp_path / "people.gan") is None
    with pytest.raises(UsageError, match="holds a model and no detector"):
        Detector.load(tmp_path / "people.gan")


def test_nothing_of_a_single_record_is_kept(detection, path, usual):
    """No tensor has a row for each record that was learnt from."""
    file = read_model_file(path)
    assert file.names(f"{DETECTOR}/") == {"sight", "discriminator", "features", "quantiles", "total"}
    n_learnt = {len(usual), int(0.8 * len(usual)), int(0.2 * len(usual))}
    assert not n_learnt & {len(one) for one in file.tensors(f"{DETECTOR}/").values() if one.ndim}


def _without(name):
    return lambda plain, tensors: (
        plain,
        {key: one for key, one in tensors.items() if not key.startswith(name)},
    )


def _with(name, change):
    return lambda plain, tensors: (plain, {**tensors, name: change(tensors[name])})


DAMAGES = {
    "no discriminator": _without("detector/discriminator/"),
    "a discriminator of another width": _with("detector/discriminator/layers.0.weight", lambda one: one[:9]),
    "weights that are none": _with("detector/discriminator/layers.0.bias", lambda one: one * float("nan")),
    "falling knots": _with("detector/sight/0/knots", lambda one: one.flip(0).contiguous()),
    "no total": _without("detector/total"),
    "falling quantiles": _with("detector/quantiles/contrast", lambda one: one.flip(0).contiguous()),
    "another sight": lambda plain, tensors: ({**plain, "sight": {"form": 1}}, tensors),
    "no count": lambda plain, tensors: ({**plain, "n": "many"}, tensors),
    "a list": lambda plain, tensors: ([1, 2], tensors),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_detector_is_refused(detection, path, damage):
    file = read_model_file(path)
    tensors = {f"{DETECTOR}/{name}": one.clone() for name, one in file.tensors(f"{DETECTOR}/").items()}
    plain, tensors = DAMAGES[damage](file.detector(), tensors)
    manifest, state, of_model = detection.model.content()
    write_model_file(path, manifest, state, {**of_model, DETECTOR: as_tensor(plain), **tensors})
    with pytest.raises(ModelFileError, match=r"odd\.gan"):
        load_detection(path)


def test_plain_values_that_are_no_json_are_refused(detection, path):
    manifest, state, of_model = detection.model.content()
    write_model_file(path, manifest, state, {**of_model, DETECTOR: torch.zeros(5, dtype=torch.uint8)})
    with pytest.raises(ModelFileError, match="detector is no JSON"):
        load_detection(path)


# --- Other models -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_model_that_judges_several_records_at_once_is_asked_of_each_by_itself(people):
    run = start(people, FitConfig(preset="small", samples_seen=432, n_packed=3))
    for _ in run:
        pass
    detector = Detector(model=run.model(), detector_samples=500).fit(people)
    assert "features" in detector.detection_.calibration.quantiles
    alone = [detector.decision_function(people.iloc[[row]])[0] for row in range(3)]
    assert alone == pytest.approx(detector.decision_scores_[:3], abs=1e-4)


def test_pictures_are_searched_and_the_detector_kept(tmp_path):
    digits = bundled_digits().pixels[:150]
    detector = Detector(samples_seen=150, detector_samples=3_000, threads=1).fit(digits)
    assert {"contrast", "reconstruction"} <= set(detector.detection_.calibration.quantiles)
    noise = np.random.default_rng(0).integers(0, 17, (20, *digits.shape[1:])).astype(digits.dtype)
    assert np.median(detector.decision_function(noise)) > np.quantile(detector.decision_scores_, 0.9)
    detector.save(tmp_path / "odd.gan")
    again = Detector.load(tmp_path / "odd.gan")
    assert np.array_equal(again.decision_function(digits), detector.decision_scores_)
    records = detector.detection_.model.modality.format.read_for(noise, detector.detection_.model.codec.empty)
    assert len(detector.detection_.again(records)) == 20
