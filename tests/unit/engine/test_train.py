from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gansmith.engine.batches import Batch
from gansmith.engine.train import Evaluation, TrainConfig, seconds_per_step
from gansmith.errors import UsageError

N_STEPS = 12
CONFIG = TrainConfig(samples_seen=8 * N_STEPS, n_evaluations=3, n_checkpoints=4)


def finished(training):
    return training, list(training)


# --- Records -------------------------------------------------------------------------------------------


def test_one_record_per_step(new_run):
    training, records = finished(new_run())
    assert [record.step for record in records] == list(range(1, N_STEPS + 1))
    assert [record.samples_seen for record in records] == [8 * step for step in range(1, N_STEPS + 1)]
    assert {record.n_steps for record in records} == {N_STEPS}
    assert all(math.isfinite(sum(record.losses.values())) for record in records)
    assert [record.step for record in records if record.readings] == [4, 8, 12]
    assert [record.step for record in records if record.score is not None] == [4, 8, 12]
    assert list(training) == [], "a finished run has nothing left to play"


def test_length_is_counted_in_records_the_discriminator_learns_from(new_run):
    assert new_run(config=TrainConfig(17)).n_steps == 3
    assert new_run(config=TrainConfig(17), n_discriminator_turns=2).n_steps == 2
    _, records = finished(new_run(config=TrainConfig(33), n_discriminator_turns=2))
    assert records[-1].samples_seen == 48


def test_the_final_learning_rate_is_reached(new_run, monkeypatch):
    training = new_run()
    shares = []
    step_once = training.game.generator.step
    monkeypatch.setattr(
        training.game.generator,
        "step",
        lambda share, scale: (shares.append(share), step_once(share, scale)),
    )
    list(training)
    assert shares == [step / N_STEPS for step in range(N_STEPS)]


@pytest.mark.parametrize(
    "wrong", [{"samples_seen": 0}, {"n_evaluations": 0}, {"n_checkpoints": 0}, {"ensemble_size": 0}]
)
def test_wrong_settings(wrong):
    with pytest.raises(UsageError):
        replace(TrainConfig(8), **wrong)


# --- Which model is kept -------------------------------------------------------------------------------


def test_the_best_by_score_is_kept_whatever_the_losses_say(new_run, evaluation):
    scores = iter([0.2, 0.9, 0.5])
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: next(scores))
    kept_at = {}
    records = []
    for record in training:
        records.append(record)
        kept_at[record.step] = {name: value.clone() for name, value in training._snapshot().items()}
    assert [record.is_best for record in records if record.readings] == [True, True, False]
    assert all(torch.equal(training.kept[name], value) for name, value in kept_at[8].items())
    assert not all(torch.equal(training.kept[name], value) for name, value in kept_at[12].items())
    assert training.best_score == 0.9


def test_within_the_tolerance_the_newest_is_kept_and_its_own_score_told(new_run, evaluation):
    scores = iter([0.9, 0.7, 0.85])
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: next(scores), tolerance=0.1)
    assert [record.is_best for record in training if record.readings] == [True, False, True]
    assert (training.best_score, training.kept_score) == (0.9, 0.85)


def test_of_equal_scores_the_later_is_kept(new_run, evaluation):
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: 0.5)
    assert [record.is_best for record in training if record.readings] == [True, True, True]


def test_the_generators_of_the_last_half_are_members(new_run):
    config = replace(CONFIG, n_evaluations=12, ensemble_size=4)
    run, records = finished(new_run(config=config))
    kept_at = [record.step for record in records if record.is_best]
    assert len(run.ensemble) == min(4, sum(2 * step >= kept_at[-1] for step in kept_at))
    newest = {name: value for name, value in run.kept.items() if name.startswith("generator/")}
    assert all(torch.equal(run.ensemble[-1][name], value) for name, value in newest.items())
    assert not any(name.startswith("discriminator/") for name in run.ensemble[0])


def test_members_are_kept_where_no_score_is_taken(new_run):
    run, _ = finished(new_run(config=replace(CONFIG, n_evaluations=6, ensemble_size=3), evaluated=False))
    assert len(run.ensemble) == 3


def test_a_score_that_is_no_number_is_never_the_best(new_run, evaluation):
    scores = iter([math.nan, 0.4, math.nan])
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: next(scores))
    assert [record.is_best for record in training if record.readings] == [False, True, False]
    assert training.best_score == 0.4


def test_without_evaluation_the_last_is_kept(new_run):
    training, records = finished(new_run(evaluated=False))
    assert all(record.readings is None for record in records)
    assert all(torch.equal(training.kept[name], value) for name, value in training._snapshot().items())


def test_the_average_is_what_is_kept(new_run):
    training, _ = finished(new_run(evaluated=False))
    average = training.game.generator.average.state_dict()
    assert all(torch.equal(training.kept[f"generator/{name}"], value) for name, value in average.items())


def test_readings_are_those_of_the_kept_generator(new_run, evaluation):
    training, records = finished(new_run())
    fake = training.game.generate(Batch({}, 30), training.game.randomness.stream("evaluation"), 0)
    expected = (fake.std(0).mean() / evaluation.heldout["real"].std(0).mean()).item()
    assert records[-1].readings["spread"] == pytest.approx(expected, rel=1e-5)
    assert training.kept_readings == [record for record in records if record.is_best][-1].readings


def test_fakes_of_an_evaluation_are_given_what_the_held_out_records_were(new_run, evaluation):
    asked = evaluation.heldout.with_part("condition", torch.full((30, 2), 5.0))
    training = new_run()
    training.evaluation = replace(evaluation, heldout=asked)
    _, records = finished(training)
    assert records[-1].readings["coverage"] < 0.1


def test_a_score_may_be_what_the_game_reads(new_run, evaluation):
    training = new_run()
    training.evaluation = replace(evaluation, score="spread")
    _, records = finished(training)
    assert all(record.score == record.readings["spread"] for record in records if record.readings)


# --- How long a step takes -----------------------------------------------------------------------------


def test_measuring_leaves_the_game_alone(new_game, new_batches):
    game, twin = new_game(), new_game()
    assert 0 < seconds_per_step(game, new_batches(), 0.01) < 1
    for name, player in game.players.items():
        assert all(
            torch.equal(value, twin.players[name].state()[key]) for key, value in player.state().items()
        )


def test_evaluation_scores_by_coverage_unless_told_otherwise(evaluation: Evaluation, new_run):
    _, records = finished(new_run())
    assert all(record.score == record.readings["coverage"] for record in records if record.readings)
