from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gansmith.engine.checkpoint import Checkpoints
from gansmith.engine.train import MAX_ROLLBACKS, Evaluation, TrainConfig, seconds_per_step, train
from gansmith.errors import TrainingError, UsageError

N_STEPS = 12
CONFIG = TrainConfig(samples_seen=8 * N_STEPS, n_evaluations=3, n_checkpoints=4)


def everything(training) -> dict[str, torch.Tensor]:
    return {
        **{f"kept/{name}": value for name, value in training.kept.items()},
        **training._checkpoint().tensors,
    }


def assert_same(first, second):
    one, other = everything(first), everything(second)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert first._checkpoint().values == second._checkpoint().values


@pytest.fixture
def new_run(new_game, new_batches, evaluation):
    """`new_run(folder)`: the same run every time, resumed where the folder holds one."""

    def make(folder=None, *, config=CONFIG, evaluated=True, batches=None, **rules):
        return train(
            new_game(**rules),
            batches or new_batches(),
            config,
            evaluation if evaluated else None,
            None if folder is None else Checkpoints(folder),
        )

    return make


def finished(training):
    return training, list(training)


def broken(training, at: int) -> None:
    """Play `at` steps and break out of the loop."""
    if at:
        for record in training:
            if record.step == at:
                break


# --- Records -------------------------------------------------------------------------------------------


def test_one_record_per_step(new_run):
    training, records = finished(new_run())
    assert [record.step for record in records] == list(range(1, N_STEPS + 1))
    assert [record.samples_seen for record in records] == [8 * step for step in range(1, N_STEPS + 1)]
    assert {record.n_steps for record in records} == {N_STEPS}
    assert all(math.isfinite(record.discriminator_loss + record.generator_loss) for record in records)
    assert [record.step for record in records if record.health] == [4, 8, 12]
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
    learn = training.game.generator.learn
    monkeypatch.setattr(
        training.game.generator,
        "learn",
        lambda loss, progress, scale: (shares.append(progress), learn(loss, progress, scale)),
    )
    list(training)
    assert shares == [step / N_STEPS for step in range(N_STEPS)]


@pytest.mark.parametrize(
    "wrong", [{"samples_seen": 0}, {"n_evaluations": 0}, {"n_checkpoints": 0}, {"n_members": 0}]
)
def test_wrong_settings(wrong):
    with pytest.raises(UsageError):
        replace(TrainConfig(8), **wrong)


def test_a_run_twice_as_long_takes_steps_of_half_the_size(new_run):
    training = new_run()
    n_samples = training.n_steps * training._samples_per_step
    training.game.config = replace(training.game.config, full_rate_samples=n_samples // 2)
    scales, play = [], training.game.play

    def noted(step, batches, progress, rate_scale):
        scales.append(rate_scale)
        return play(step, batches, progress, rate_scale)

    training.game.play = noted
    list(training)
    assert scales == [0.5] * training.n_steps


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
    assert [record.is_best for record in records if record.health] == [True, True, False]
    assert all(torch.equal(training.kept[name], value) for name, value in kept_at[8].items())
    assert not all(torch.equal(training.kept[name], value) for name, value in kept_at[12].items())
    assert training.best_score == 0.9


def test_within_the_tolerance_the_newest_is_kept_and_its_own_score_told(new_run, evaluation):
    scores = iter([0.9, 0.7, 0.85])
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: next(scores), tolerance=0.1)
    assert [record.is_best for record in training if record.health] == [True, False, True]
    assert (training.best_score, training.kept_score) == (0.9, 0.85)


def test_of_equal_scores_the_later_is_kept(new_run, evaluation):
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: 0.5)
    assert [record.is_best for record in training if record.health] == [True, True, True]


def test_the_generators_of_the_last_half_are_members(new_run):
    config = replace(CONFIG, n_evaluations=12, n_members=4)
    run, records = finished(new_run(config=config))
    kept_at = [record.step for record in records if record.is_best]
    assert len(run.members) == min(4, sum(2 * step >= kept_at[-1] for step in kept_at))
    newest = {name: value for name, value in run.kept.items() if name.startswith("generator/")}
    assert all(torch.equal(run.members[-1][name], value) for name, value in newest.items())
    assert not any(name.startswith("discriminator/") for name in run.members[0])


def test_members_are_kept_where_no_score_is_taken(new_run):
    run, _ = finished(new_run(config=replace(CONFIG, n_evaluations=6, n_members=3), evaluated=False))
    assert len(run.members) == 3


def test_a_score_that_is_no_number_is_never_the_best(new_run, evaluation):
    scores = iter([math.nan, 0.4, math.nan])
    training = new_run()
    training.evaluation = replace(evaluation, score=lambda fake, real: next(scores))
    assert [record.is_best for record in training if record.health] == [False, True, False]
    assert training.best_score == 0.4


def test_without_evaluation_the_last_is_kept(new_run):
    training, records = finished(new_run(evaluated=False))
    assert all(record.health is None for record in records)
    assert all(torch.equal(training.kept[name], value) for name, value in training._snapshot().items())


def test_the_average_counts_the_records_of_all_turns(new_run, monkeypatch):
    training = new_run(n_discriminator_turns=3)
    counted = []
    monkeypatch.setattr(training.game.generator, "update_average", lambda n, seen: counted.append((n, seen)))
    list(training)
    assert counted[:2] == [(24, 24), (24, 48)]


def test_the_average_is_what_is_kept(new_run):
    training, _ = finished(new_run(evaluated=False))
    average = training.game.generator.average.state_dict()
    assert all(torch.equal(training.kept[f"generator/{name}"], value) for name, value in average.items())


def test_health_is_that_of_the_kept_generator(new_run, evaluation):
    training, records = finished(new_run())
    health = records[-1].health
    latents = training.game.randomness.normal((30, 3), "evaluation", 0)
    with torch.no_grad():
        fake = training.game.generator.best_known(latents, None)
    expected = (fake.std(0).mean() / evaluation.heldout.std(0).mean()).item()
    assert health.spread == pytest.approx(expected, rel=1e-5)


# --- Resuming ------------------------------------------------------------------------------------------


@pytest.fixture
def straight(new_run):
    return finished(new_run())


@pytest.mark.parametrize("at", range(1, N_STEPS + 1))
def test_resumed_after_a_break_equals_uninterrupted(new_run, straight, tmp_path, at):
    broken(new_run(tmp_path), at)
    resumed = new_run(tmp_path)
    assert resumed.step == at
    records = list(resumed)
    assert records == straight[1][at:]
    assert_same(resumed, straight[0])


def test_resumed_after_a_kill_equals_uninterrupted(new_run, straight, tmp_path):
    for at in (2, 4, 5, 7, 11):
        iterator = iter(killed := new_run(tmp_path / str(at)))
        for _ in range(at):
            next(iterator)
        killed._save = lambda *_, **__: None  # killed: nothing is written any more
        resumed, records = finished(new_run(tmp_path / str(at)))
        assert records == straight[1][at // 3 * 3 :], "from the last regular checkpoint on"
        assert_same(resumed, straight[0])


def test_interrupted_at_every_step(new_run, straight, tmp_path):
    for step in range(1, N_STEPS + 1):
        broken(new_run(tmp_path), step)
    assert_same(new_run(tmp_path), straight[0])


def test_going_on_in_the_same_process_is_the_same(new_run, straight):
    training = new_run()
    broken(training, 5)
    list(training)
    assert_same(training, straight[0])


@pytest.mark.parametrize(
    "damage", [lambda c: c[: len(c) // 2], lambda c: c[:-9] + bytes([c[-9] ^ 4]) + c[-8:]]
)
def test_a_damaged_newest_checkpoint_costs_only_the_steps_since(new_run, straight, tmp_path, damage):
    broken(new_run(tmp_path), 8)
    newest = sorted(tmp_path.iterdir())[-1]
    newest.write_bytes(damage(newest.read_bytes()))
    resumed = new_run(tmp_path)
    assert resumed.step == 6
    list(resumed)
    assert_same(resumed, straight[0])


def test_another_length_is_refused(new_run, tmp_path):
    broken(new_run(tmp_path), 5)
    with pytest.raises(UsageError, match="12 steps, this one has 13"):
        new_run(tmp_path, config=TrainConfig(8 * 13))


def test_an_error_in_the_middle_of_a_step_loses_nothing(new_run, straight, monkeypatch):
    training = new_run()
    learn, calls = training.game.generator.learn, []

    def interrupted(loss, progress, scale):
        calls.append(progress)
        if len(calls) == 5:
            raise KeyboardInterrupt
        learn(loss, progress, scale)

    monkeypatch.setattr(training.game.generator, "learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(training)
    assert training.step < 5
    list(training)
    assert_same(training, straight[0])


# --- Rolling back --------------------------------------------------------------------------------------


class Poisoned:
    """Batches, one of which is not a number each time it is asked for, `n_times`."""

    def __init__(self, batches, index: int, n_times: int = 1) -> None:
        self.batches, self.index, self.n_left = batches, index, n_times

    def __call__(self, index: int):
        batch = self.batches(index)
        if index == self.index and self.n_left:
            self.n_left -= 1
            return replace(batch, samples=batch.samples * math.nan)
        return batch


def test_rolls_back_to_the_last_checkpoint(new_run, new_batches):
    training, records = finished(new_run(batches=Poisoned(new_batches(), 2 * 7)))
    assert [record.step for record in records] == [*range(1, 8), 6, *range(7, 13)]
    assert records[7].findings == ("numbers became infinite or undefined at step 8: went back to step 6",)
    assert training.n_rollbacks == 1
    assert all(value.isfinite().all() for value in everything(training).values())


def test_the_second_try_has_other_noise_and_half_the_rate(new_run, new_batches, straight, monkeypatch):
    training = new_run(batches=Poisoned(new_batches(), 2 * 7))
    scales = []
    learn = training.game.generator.learn
    monkeypatch.setattr(
        training.game.generator,
        "learn",
        lambda loss, progress, scale: (scales.append(scale), learn(loss, progress, scale)),
    )
    records = list(training)
    assert scales == [1.0] * 8 + [0.5] * 6
    assert records[:7] == straight[1][:7]
    assert records[8].generator_loss != straight[1][6].generator_loss


def test_rolling_back_before_the_first_checkpoint_starts_again(new_run, new_batches):
    _, records = finished(new_run(batches=Poisoned(new_batches(), 2)))
    assert [record.step for record in records][:3] == [1, 0, 1]
    assert records[-1].step == N_STEPS


def test_rolling_back_is_deterministic(new_run, new_batches):
    runs = [finished(new_run(batches=Poisoned(new_batches(), 2 * 7, 3))) for _ in range(2)]
    assert repr(runs[0][1]) == repr(runs[1][1])  # NaN is not equal to itself
    assert runs[0][0].n_rollbacks == 3
    assert_same(runs[0][0], runs[1][0])


@pytest.mark.parametrize("poison", [0, 1, 7])
def test_rolled_back_and_resumed_equals_rolled_back_alone(new_run, new_batches, tmp_path, poison):
    expected = finished(new_run(batches=Poisoned(new_batches(), 2 * poison)))
    for at in (1, 2, 5, 8, 11):
        folder, batches = tmp_path / str(at), Poisoned(new_batches(), 2 * poison)
        broken(new_run(folder, batches=batches), at)
        resumed, _ = finished(new_run(folder, batches=batches))
        assert_same(resumed, expected[0])


def test_many_interruptions_do_not_move_where_a_roll_back_leads(new_run, new_batches, tmp_path):
    config = TrainConfig(8 * N_STEPS, n_evaluations=3, n_checkpoints=2)
    expected = finished(new_run(config=config, batches=Poisoned(new_batches(), 2 * 11)))[0]
    batches = Poisoned(new_batches(), 2 * 11)
    for at in range(7, 12):
        broken(new_run(tmp_path, config=config, batches=batches), at)
    assert_same(finished(new_run(tmp_path, config=config, batches=batches))[0], expected)


def test_a_game_that_cannot_be_mended(new_run, new_batches):
    training = new_run(batches=Poisoned(new_batches(), 2 * 7, n_times=100))
    with pytest.raises(TrainingError, match=f"step 8; going back {MAX_ROLLBACKS} times"):
        list(training)


def test_weights_that_break_between_losses_are_never_saved(new_run, tmp_path):
    training = new_run(tmp_path)
    records = []
    for record in training:
        records.append(record)
        if record.step == 5 and training.n_rollbacks == 0:
            with torch.no_grad():  # where no loss shows it before the checkpoint of step 6
                training.game.generator.average.layers[0].weight[0, 0] = math.inf
    assert [record.step for record in records] == [1, 2, 3, 4, 5, 3, *range(4, 13)]
    for step in Checkpoints(tmp_path).steps():
        saved = Checkpoints(tmp_path).at(step)
        assert saved is not None
        assert all(value.isfinite().all() for value in saved.tensors.values())


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
    assert all(record.score == record.health.coverage for record in records if record.health)


# --- Shortened runs ------------------------------------------------------------------------------------


def test_a_shortened_run_ends_early_and_is_repeated_by_its_cuts(new_run):
    training = new_run()
    records = []
    for record in training:
        records.append(record)
        if record.step == 3:
            training.shorten(8)
        if record.step == 6:
            training.shorten(7)
    assert [record.step for record in records] == [1, 2, 3, 4, 5, 6, 7]
    assert training.length.cuts == ((3, 8), (6, 7))
    again = new_run(config=replace(training.config, cuts=training.length.cuts))
    repeated = list(again)
    assert [replace(record, n_steps=0) for record in repeated] == [
        replace(record, n_steps=0) for record in records
    ]
    assert_same(again, training)


def test_a_shortened_run_is_taken_up_at_its_new_length(new_run, tmp_path):
    straight = new_run()
    for record in straight:
        if record.step == 3:
            straight.shorten(9)
    stopped = new_run(tmp_path)
    for record in stopped:
        if record.step == 3:
            stopped.shorten(9)
        if record.step == 5:
            break
    resumed = new_run(tmp_path)
    assert (resumed.step, resumed.n_steps) == (5, 9)
    list(resumed)
    assert_same(resumed, straight)
