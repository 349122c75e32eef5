"""The bench of series: judges against closed forms, laws that a second draw keeps and a broken one breaks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bench import series, series_air, series_customers, series_future, series_logins, series_race, series_task
from bench.series_context import _contrast, frechet_distance, learnt_encoder
from bench.series_judges import (
    boosted_auc,
    correlation_distance,
    correlational_score,
    discriminative_score,
    predictive_floor,
    predictive_score,
)
from bench.series_peers import block_bootstrap, normal_copula, timevae
from bench.series_task import Learnt, Limit, SeriesTask, rows_of
from bench.series_windows import SERIES, blocked_sides, nearest_windows, random_sides, sines
from gansmith.errors import DataError

PI = np.pi


def windows(n, seed=0, n_channels=2):
    """Sines of random phase."""
    phase = np.random.default_rng(seed).uniform(0, 2 * PI, (n, 1, n_channels))
    return (np.sin(np.arange(24)[:, None] / 4 + phase) + 1) / 2


# --- Windows ------------------------------------------------------------------------------------------------


def test_sines_are_those_of_the_protocol_and_come_back_from_their_table():
    made = sines(30, seed=1)
    assert made.windows.shape == (30, 24, 5)
    assert 0.5 <= made.windows.min() <= made.windows.max() <= 1
    assert not made.is_one_series
    np.testing.assert_allclose(made.cut(made.table), made.windows, atol=1e-6)


def test_windows_of_another_length_or_without_a_channel_are_refused():
    made = sines(3)
    with pytest.raises(ValueError, match="23"):
        made.cut(made.table.iloc[1:])
    with pytest.raises(ValueError, match="1 values"):
        made.cut(made.table.mask(made.table.index.to_numpy()[:, None] * 6 + np.arange(6) == 9))
    with pytest.raises(ValueError, match="sine_5"):
        made.cut(made.table.drop(columns="sine_5"))


def test_random_sides_part_both_and_follow_the_seed():
    sides = random_sides(50, 20, 3)
    assert sorted([*sides.real_seen, *sides.real_new]) == list(range(50))
    assert len(sides.fake_new) == 4
    assert np.array_equal(sides.real_new, random_sides(50, 20, 3).real_new)


def test_no_window_that_is_learnt_from_overlaps_one_that_is_tested_on():
    nearest = np.arange(2_000)[::-1]
    sides = blocked_sides(2_000, nearest, 1)
    assert len(sides.real_new) == 400
    assert np.abs(sides.real_seen[:, None] - sides.real_new).min() > 23
    assert np.array_equal(np.sort(nearest[sides.fake_new]), sides.real_new)
    assert np.array_equal(np.sort(nearest[sides.fake_seen]), sides.real_seen)


def test_the_nearest_window_of_a_copy_is_itself():
    real = windows(40)
    assert np.array_equal(nearest_windows(real, real[::-1] + 1e-4), np.arange(40)[::-1])


# --- Judges -------------------------------------------------------------------------------------------------


def test_judges_tell_noise_and_do_not_tell_the_same():
    real, same, sides = windows(200)[:, :8], windows(200, 1)[:, :8], random_sides(200, 200, 0)
    assert discriminative_score(real, same, sides, 0, 30) < 0.2
    assert discriminative_score(real, same / 4 - 1, sides, 0, 60) > 0.3
    noise = np.random.default_rng(2).random(real.shape)
    assert abs(boosted_auc(real, same, sides, 0, 120, 20) - 0.5) < 0.2
    assert boosted_auc(real, noise, sides, 0, 120, 20) > 0.95


def test_a_judge_follows_its_seed_and_leaves_the_state_of_the_process():
    real, sides = windows(60), random_sides(60, 60, 0)
    before = torch.get_rng_state()
    scores = {discriminative_score(real, windows(60, 1), sides, 7, 5) for _ in range(2)}
    assert len(scores) == 1
    assert torch.equal(before, torch.get_rng_state())


def test_correlations():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(500, 24, 1))
    both, apart = np.concatenate([one, one], 2), np.concatenate([one, rng.normal(size=one.shape)], 2)
    assert correlation_distance(both, both) == 0
    assert correlation_distance(both, apart) == pytest.approx(0.1, abs=0.005)
    assert correlational_score(both, apart, 0) == pytest.approx(0.1, abs=0.01)


def test_predictive_score_and_its_floor():
    real = np.zeros((20, 24, 2))
    real[:10, :, 1] = 1
    assert predictive_floor(real) == 0.5
    assert predictive_floor(real[:10]) == 0
    assert predictive_score(real, real, 0, 1) == pytest.approx(0.5, abs=0.05)


def test_distance_of_normal_features():
    points = np.random.default_rng(0).normal(size=(300, 3))
    assert frechet_distance(points, points) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(points, points + 2) == pytest.approx(12)
    spread = np.trace(np.cov(points, rowvar=False))
    assert frechet_distance(points - points.mean(0), 3 * (points - points.mean(0))) == pytest.approx(
        4 * spread
    )


def test_a_thing_is_found_where_its_views_are_alike_and_no_others():
    alike = 30 * torch.eye(4)[None]
    assert _contrast(alike, alike).item() == pytest.approx(0, abs=1e-6)
    assert _contrast(0 * alike, 0 * alike).item() == pytest.approx(np.log(7))


def test_an_encoder_gives_features_of_windows():
    encoder = learnt_encoder(windows(20), 0, n_iterations=2, depth=2)
    features = encoder.features(windows(5))
    assert features.shape == (5, 320)
    again = learnt_encoder(windows(20), 0, n_iterations=2, depth=2).features(windows(5))
    assert np.array_equal(features, again)


# --- What runs beside ---------------------------------------------------------------------------------------


def test_blocks_are_real_and_put_together_by_chance():
    real = windows(30)
    made = block_bootstrap(real, 10, 0)
    for first in (0, 8, 16):
        blocks = {one.tobytes() for one in np.ascontiguousarray(real[:, first : first + 8])}
        assert all(np.ascontiguousarray(one[first : first + 8]).tobytes() in blocks for one in made)
    assert not any((one == real).all((1, 2)).any() for one in made)


def test_a_copula_keeps_values_dependence_and_twins():
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(300, 24, 1)), axis=1)
    real = np.concatenate([walk, np.exp(walk), walk], axis=2)
    made = normal_copula(real, 300, 1)
    assert set(made[..., 1].ravel()) <= set(real[..., 1].ravel())
    assert np.array_equal(made[..., 0], made[..., 2])
    for each in (real, made):
        assert np.corrcoef(each[:, 11, 0], each[:, 12, 0])[0, 1] > 0.9


def test_timevae_learns_and_follows_its_seed():
    made = [timevae(windows(40), 6, 3, 60, n_epochs=1) for _ in range(2)]
    assert made[0].shape == (6, 24, 2)
    assert np.array_equal(made[0], made[1])


# --- Futures ------------------------------------------------------------------------------------------------


def test_the_score_of_futures():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(4_000, 3))
    closed = (2**0.5 - 1) / PI**0.5
    assert series_future.crps(drawn, np.zeros(3)) == pytest.approx(closed, abs=0.01)
    few, truth = drawn[:5, :1], np.array([0.3])
    apart = np.abs(few - few.T).sum() / (5 * 4) / 2
    assert series_future.crps(few, truth) == pytest.approx(np.abs(few - truth).mean() - apart)


def test_a_perfect_season_is_continued():
    history = 10 + np.tile([0.0, 3.0, -1.0, 2.0], 12)
    naive = series_future.seasonal_naive(history, 4, 6, 3, 0)
    smoothed = series_future.smoothed(history, 4, 6, 3, 0)
    for each in (naive, smoothed):
        np.testing.assert_allclose(each, np.tile(10 + np.array([0, 3, -1, 2, 0, 3]), (3, 1)), atol=0.05)


# --- Laws ---------------------------------------------------------------------------------------------------


def keeps(measured, limits):
    return {name: limits[name].holds(value) for name, value in measured.items() if name in limits}


def test_salaries_are_due_on_business_days():
    public, trade = series_customers.due_days("public"), series_customers.due_days("trade")
    assert np.datetime64("2024-06-14") in public  # the 15th is a Saturday
    assert np.datetime64("2024-06-28") in trade  # the 30th is a Sunday
    assert np.datetime64("2024-07-31") in trade
    assert series_customers.due_days("") == []


def test_fresh_customers_keep_the_laws_and_broken_ones_do_not():
    known, fresh = (series_customers.drawn(150, seed) for seed in (0, 1))
    assert fresh.groupby("customer").size().between(5, 400).all()
    limits = {**series_customers.LIMITS, "lengths, 1 - KS": Limit(0.85, is_upper=False)}
    limits["weekday rates, largest relative error"] = Limit(0.1)
    assert all(keeps(series_customers.figures(fresh, known), limits).values())
    broken = fresh.assign(
        time=fresh["time"] + pd.Timedelta(days=3),
        merchant=np.random.default_rng(0).permutation(fresh["merchant"]),
    )
    kept = keeps(series_customers.figures(broken, known), limits)
    assert [name for name, is_kept in kept.items() if not is_kept] == [
        "weekday rates, largest relative error",
        "salaries within a day of the law",
        "merchants by city, total variation",
    ]


def test_attacks_are_found_and_clean_accounts_are_clean():
    known, fresh = (series_logins.drawn(150, seed, attacked=0.1) for seed in (0, 1))
    figures = series_logins.figures(fresh, known)
    assert figures["attacked, absolute error"] == 0
    assert max(figures.values()) < 0.2
    late = fresh.assign(time=fresh["time"] + pd.Timedelta(hours=6))
    assert series_logins.figures(late, known)["hours, total variation"] > 0.3
    seen = series_logins.features(fresh)
    is_attacked = fresh.groupby("user")["attacked"].first()
    assert seen.loc[is_attacked, "most"].min() >= 15 > seen.loc[~is_attacked, "most"].max()


@pytest.mark.slow
def test_the_detector_finds_bursts_in_accounts_it_has_not_seen():
    found = series_logins.bursts(
        series_logins.detector(), series_logins.drawn(100, 7, attacked=1.0), series_logins.drawn(300, 8, 0.0)
    )
    assert found["bursts found where asked for"] > 0.95
    assert found["bursts found in clean accounts"] == 0


def test_seasons_memory_and_missing_stretches():
    steps = np.arange(2_400)
    values = 5 + 3 * np.sin(2 * PI * steps / 24 + 1) + np.sin(2 * PI * steps / 800)
    values[[3, 4, 5, 100, 2_399]] = np.nan
    assert series_air.amplitude(values, 24) == pytest.approx(3, abs=1e-2)
    assert series_air.autocorrelation(values, 24) > 0.95
    assert series_air.autocorrelation(values, 12) < -0.7
    assert series_air.missing_stretches(values).tolist() == [3, 1, 1]


# --- The command --------------------------------------------------------------------------------------------


def test_rows_stand_beside_real_figures():
    rows = rows_of([{"x": 0.1}, {"x": 0.3}], {"x": 0.05, "y": 1.0}, {"x": Limit(0.25)})
    assert (rows[0].ours, rows[0].real, rows[0].is_met) == (pytest.approx(0.2), 0.05, True)
    assert rows[0].spread == pytest.approx(0.1)
    assert np.isnan(rows[1].ours)
    assert rows_of([{"x": 0.1}], {"x": 1.0}, {"x": Limit(0.2, is_upper=False)})[0].is_met is False


def test_every_name_is_there():
    for name, measurement in series.MEASUREMENTS.items():
        assert callable(measurement.measure), name


def test_a_race_from_the_data_to_the_table(monkeypatch, tmp_path, capsys):
    made = sines(60)
    monkeypatch.setitem(series_race.SETS, "sines", lambda: made)

    class Copying:
        def sample(self, n, seed, where):
            return made.table.rename(columns={SERIES: "series"})

    model = Learnt(Copying(), 3.0, tmp_path)  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(series_race, "learnt", lambda *given: model)
    task = SeriesTask("sines", tmp_path, "1s", (0, 1), methods=("half", "blocks", "ours"))
    found = series_race.race(task, series_race.Effort(1, 2, 2, 1, 5))
    assert found["ours"]["context FID"][0] == pytest.approx(0, abs=1e-3)
    assert found["ours"]["seconds"] == (3.0, 0.0)
    text = capsys.readouterr().out
    assert "TimeGAN, published" in text
    assert "quoted" in text
    assert "Missed:" in text


def test_the_command_prints_and_keeps_what_was_measured(monkeypatch, tmp_path, capsys):
    def rows(task):
        return rows_of([{"what": float(task.seeds[0])}], {"what": 1.0}, {})

    monkeypatch.setattr(series_customers, "measured", rows)
    series.run(["customers", "--json", "--seeds", "3", "--out", str(tmp_path)])
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line == json.loads((tmp_path / "results.jsonl").read_text("utf-8"))
    assert line["values"]["what"] == {"ours": 3, "real": 1}


def test_data_that_is_not_there_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GANSMITH_DATA", str(tmp_path))
    series.run(["stock", "--out", str(tmp_path / "out")])
    assert "not there" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_learnt_is_said_and_left_out(monkeypatch, tmp_path, capsys):
    def refused(self, table, **options):
        raise DataError(f"no series in it, with {sorted(options)}")

    monkeypatch.setattr(series_task.Synthesizer, "fit", refused)
    task = SeriesTask("customers", tmp_path, "1s", (0,))
    assert series_task.learnt(task, pd.DataFrame(), 0, {"entity": "customer"}) is None
    assert "no series in it, with ['entity']" in capsys.readouterr().err
    assert series_task.learnt(replace(task, methods=("half",)), None, 0, {}) is None
