"""What a privacy card says of the model that made the data."""

from __future__ import annotations

import json
from dataclasses import replace

from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Ledger
from gansmith.privacy.mechanisms import noisy_n_rows
from gansmith.tasks.origin import origin_of


def test_a_model_says_how_it_learnt_and_what_it_suppressed(model):
    facts = dict(origin_of(model.sample(5), None, model))
    assert facts["Model"] == f"table, sha256 {model.known_digest()[:16]}"
    assert "records must share a value" in facts["Minimum count"]
    assert facts["Suppressed"]
    assert f"seed {model.manifest['fit']['seed']}" in facts["Training"]
    assert f"{model.manifest['training']['samples_seen']:,} samples seen" in facts["Training"]
    assert f"gansmith {model.manifest['versions']['gansmith']}" in facts["Learnt with"]
    assert "Doubt" not in facts


def test_a_model_with_a_guarantee_says_what_is_promised(model):
    assert dict(origin_of(None, None, model))["Differential privacy"] == "none"
    book = Ledger(Guarantee(1.0, unit="person"))
    noisy_n_rows(book, 300, book.rho_left)
    private = replace(model, manifest={**model.manifest, "ledger": book.to_plain()})
    facts = dict(origin_of(None, None, private))
    assert facts["Differential privacy"].startswith("epsilon 1, delta 9e-07, for one value of 'person'")
    assert "Gaussian, 1 times (100%)" in facts["Spent on"]
    assert {"Accountants", "Domains", "Noise", "Not covered"} <= facts.keys()


def test_a_run_says_what_it_was_told(model, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({**model.manifest, "samples_seen": 1_234}))
    facts = dict(origin_of(None, tmp_path, None))
    assert facts["Run"] == tmp_path.name
    assert "1,234 samples seen" in facts["Training"]
    assert "not known" in facts["Suppressed"]


def test_the_file_beside_the_data_is_compared_with_the_model(model, tmp_path):
    data = tmp_path / "made.csv"
    data.touch()
    assert origin_of(data, None, None) == ()
    beside = {"model": "abc" * 21, "records": 5, "seed": 7}
    (tmp_path / "made.csv.meta.json").write_text(json.dumps(beside))
    alone = dict(origin_of(data, None, None))
    assert alone["Model"].startswith("sha256 abcabc")
    assert alone["Sampled"] == "5 records with seed 7"
    assert "names another model" in dict(origin_of(data, None, model))["Doubt"]
    unfinished = {**model.manifest, "training": {**model.manifest["training"], "is_finished": False}}
    assert "stopped" in dict(origin_of(None, None, replace(model, manifest=unfinished)))["Doubt"]
