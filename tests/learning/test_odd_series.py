"""Series with an odd stretch are found, and the stretch that is marked is the odd one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import gansmith
from gansmith.scorecard.features import draws
from gansmith.tasks.detect.detection import learnt_detection, set_apart, stretches

SHARE = 0.05
"""Of the series learnt from that are odd, too."""
FIRST = np.datetime64("2024-01-01", "s")


def sensors(kinds: list[str], seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Hourly loads with a daily season, and where they are odd: the first and the last step of each."""
    rng, rows, odd = draws(seed), [], np.zeros((len(kinds), 2), np.int64)
    for number, kind in enumerate(kinds):
        n, hour = int(rng.integers(96, 145)), int(rng.integers(0, 7_200))
        noise = np.zeros(n)
        for step in range(1, n):
            noise[step] = 0.7 * noise[step - 1] + rng.normal(0, 0.5)
        phase = 2 * np.pi * (hour + np.arange(n)) / 24
        level, swing, length = rng.normal(20, 5), rng.uniform(2, 5), int(rng.integers(12, 25))
        load, first = level + swing * np.sin(phase) + noise, int(rng.integers(24, n - length))
        odd[number] = first, first + length - 1
        part = slice(first, first + length)
        if kind == "shift":
            load[part] += 3 * rng.choice([-1, 1])
        elif kind == "frozen":
            load[part] = load[first]
        elif kind == "season":
            load[part] -= 2 * swing * np.sin(phase[part])
        times = FIRST + 3_600 * (hour + np.arange(n))
        rows.append(pd.DataFrame({"sensor": f"S{number:04}", "when": times, "load": load.round(2)}))
    return pd.concat(rows, ignore_index=True), odd


def payments(kinds: list[str], seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Payments of accounts at random times, and the first and the last one of a burst."""
    rng, rows, odd = draws(seed), [], np.zeros((len(kinds), 2), np.int64)
    for number, kind in enumerate(kinds):
        n, length = int(rng.integers(30, 70)), int(rng.integers(6, 12))
        gaps, first = rng.exponential(86_400 * rng.uniform(0.5, 3), n) + 30, int(rng.integers(5, n - length))
        odd[number] = first, first + length - 1
        if kind == "burst":
            gaps[first + 1 : first + length] = rng.exponential(300, length - 1) + 5
        rows.append(
            pd.DataFrame(
                {
                    "account": f"A{number:05}",
                    "when": FIRST + np.cumsum(gaps).astype(int),
                    "amount": rng.gamma(2, 20, n).round(2),
                    "type": rng.choice(["shop", "food", "fuel", "web"], n, p=[0.4, 0.3, 0.2, 0.1]),
                }
            )
        )
    return pd.concat(rows, ignore_index=True), odd


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "kinds", "enough"),
    [(sensors, ("shift", "frozen", "season"), 0.95), (payments, ("burst",), 0.9)],
)
def test_odd_series_and_their_stretches_are_found(make, kinds, enough):
    rng = draws(0)
    usual = [str(rng.choice(kinds)) if rng.random() < SHARE else "" for _ in range(400)]
    learner = gansmith.Synthesizer(kind="series", samples_seen=6_000, threads=1, verbose=False)
    model = learner.fit(make(usual, 0)[0]).model_
    read = model.modality.format.read_for
    seen = read(make(usual, 0)[0], model.codec.empty)
    detection = learnt_detection(model, *set_apart(seen, 0), seed=0, contamination=SHARE)
    mixed = [*[""] * 150, *(kind for kind in kinds for _ in range(20))]
    frame, odd = make(mixed, 1)
    records, labels = read(frame, model.codec.empty), np.array(mixed)
    scores = detection.scores(records)
    marked = np.array([(one.first, one.last) for one in stretches(model, records)])
    for kind in kinds:
        chosen = labels == kind
        known = (labels == "") | chosen
        assert roc_auc_score(chosen[known], scores[known]) > enough, kind
        overlaps = (marked[:, 0] <= odd[:, 1]) & (marked[:, 1] >= odd[:, 0])
        assert overlaps[chosen].mean() >= 0.85, kind
