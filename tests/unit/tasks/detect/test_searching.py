"""A search for odd records: the lines that are written, the reasons, and where a threshold is best."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from gansmith.errors import UsageError
from gansmith.scorecard.features import draws
from gansmith.tasks.detect.detection import set_apart, with_classics
from gansmith.tasks.detect.labels import labels_of
from gansmith.tasks.detect.searching import best_threshold, compared, search

SHARE = 0.02


@pytest.fixture(scope="module")
def odd_ones(draw_people) -> pd.DataFrame:
    """Usual people, three of them made odd: an income, a town, and what does not go together."""
    found = draw_people(200, 5)
    found.loc[3, "income"] = 60_000.0
    found.loc[50, "city"] = "Atlantis"
    found.loc[77, ["age", "income"]] = [19, 7_800.0]
    return found


def as_records(detection, frame):
    return detection.model.modality.format.read_for(frame, detection.model.codec.empty)


@pytest.fixture(scope="module")
def findings(detection, odd_ones, usual):
    records = as_records(detection, odd_ones)
    return search(detection, records, detection.calibration.threshold(SHARE), SHARE, usual=usual)


def test_each_record_has_a_score_a_chance_and_a_label(findings):
    assert len(findings.scores) == len(findings.chances) == len(findings.is_odd) == 200
    assert findings.is_odd.sum() < 20
    assert findings.is_odd[[3, 77]].all()
    assert {3, 50, 77} <= set(np.argsort(-findings.scores)[:20].tolist())
    assert findings.scores.min() >= 0
    assert 0 < findings.chances.min() < findings.chances.max() <= 1
    order = np.argsort(findings.scores)
    assert (np.diff(findings.chances[order]) <= 0).all()


def test_reasons_name_the_odd_cell_and_what_is_usual(findings):
    assert findings.reasons[3].startswith("income 60000")
    assert findings.reasons[3].endswith("is usual")
    assert findings.reasons[50].startswith("city Atlantis where Ulm")
    assert "income 7800" in findings.reasons[77] or "age 19" in findings.reasons[77]


def test_the_oddest_come_first_and_are_explained(findings):
    scores = [one["score"] for one in findings.oddest]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 20
    first = findings.oddest[0]
    assert first["record"] == int(np.argmax(findings.scores)) + 1
    assert first["is_odd"] is True
    assert first["cells"].keys() == {"age", "income", "city", "member"} == first["neighbour"].keys()
    assert set(first["odd_cells"]) <= first["cells"].keys()
    assert set(first["evidence"]) == {"contrast", "margins", "features"}
    assert "odder than all but 2 % of usual ones." in findings.sentence


def test_a_line_of_csv_for_each_record(findings, tmp_path):
    findings.write(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["record", "anomaly_score", "is_anomaly", "p_value", "reason"]
    assert [int(row["record"]) for row in rows] == list(range(1, 201))
    assert [float(row["anomaly_score"]) for row in rows] == pytest.approx(findings.scores.tolist(), abs=1e-6)
    assert [row["is_anomaly"] == "1" for row in rows] == findings.is_odd.tolist()
    assert [float(row["p_value"]) for row in rows] == pytest.approx(findings.chances.tolist(), abs=1e-8)
    assert rows[3]["reason"] == findings.reasons[3]
    assert all(row["reason"] for row in rows if row["is_anomaly"] == "1")


def test_a_line_of_json_for_each_record(findings, tmp_path):
    findings.write(tmp_path / "scores.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 200
    assert rows[50]["reason"] == findings.reasons[50]
    assert rows[3]["is_anomaly"] == 1


@pytest.mark.parametrize("name", ["scores.txt", "scores", "scores.csv.gz"])
def test_another_ending_is_refused(findings, tmp_path, name):
    with pytest.raises(UsageError, match=r"\.csv or \.jsonl"):
        findings.write(Path(tmp_path / name))
    assert not list(tmp_path.iterdir())


def test_what_was_found_is_plain(findings):
    plain = json.loads(json.dumps(findings.to_dict()))
    assert plain["records"] == 200
    assert plain["n_anomalies"] == findings.is_odd.sum()
    assert plain["drift"] is None
    page = json.loads(json.dumps(findings.report()))
    assert page["holds_real_records"] is True
    assert sum(page["histogram"]["searched"]) == 200
    assert sum(page["histogram"]["usual"]) == pytest.approx(1)


def test_classics_answer_beside_it(detection, odd_ones, usual, findings):
    seen, apart = set_apart(usual, 0)
    beside = with_classics(detection, seen, apart, 0)
    threshold = detection.calibration.threshold(SHARE)
    records = as_records(detection, odd_ones)
    found = search(detection, records, threshold, SHARE, usual=usual, beside=beside)
    assert set(found.others) == {"isolation_forest", "nearest_neighbours", "ecod", "pca", "ensemble"}
    assert found.scores == pytest.approx(findings.scores)
    assert all(len(scores) == 200 for scores in found.others.values())
    ensemble = found.others["ensemble"]
    assert {3, 77} <= set(np.argsort(-ensemble)[:20].tolist())
    assert ensemble.min() >= 0


# --- Thresholds and labels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_no_other_threshold_has_a_higher_f1(seed):
    labels = draws(seed).random(100) < 0.2
    scores = draws(seed + 9).normal(size=100) + 1.5 * labels
    best = f1_score(labels, scores > best_threshold(scores, labels))
    assert best == max(f1_score(labels, scores > one) for one in [*scores, scores.min() - 1])


def test_a_threshold_lies_between_what_it_parts():
    scores, labels = np.array([1.0, 2.0, 5.0, 9.0]), np.array([False, False, True, True])
    assert best_threshold(scores, labels) == 3.5
    assert best_threshold(scores, np.ones(4, bool)) < 1.0


def test_methods_are_compared_by_how_they_order_records():
    labels = np.array([False, True, False, True])
    found = compared({"good": np.array([0.0, 2, 1, 3]), "bad": np.array([3.0, 1, 2, 0])}, labels)
    assert [one.name for one in found] == ["good", "bad"]
    assert [one.auroc for one in found] == [1.0, 0.0]
    assert found[0].average_precision == 1.0


@pytest.mark.parametrize(
    ("share", "said"), [(0.01, "1 %"), (0.1, "10 %"), (0.0005, "0.05 %"), (0.125, "12.5 %")]
)
def test_a_share_is_written_plainly(findings, share, said):
    assert f"odder than all but {said} of usual ones." in replace(findings, contamination=share).sentence


@pytest.mark.parametrize("label", ["", "city", "fraud"])
def test_a_label_is_a_column_and_a_value(detection, odd_ones, label):
    with pytest.raises(UsageError, match="is not COLUMN=VALUE"):
        labels_of(odd_ones, label, detection.model.modality)
