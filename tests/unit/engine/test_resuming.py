"""Runs that were interrupted, or whose numbers broke, and what becomes of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gansmith.engine.batches import Batches, Poisson, TensorDataset
from gansmith.engine.checkpoint import Checkpoints
from gansmith.engine.cures import CURES, LEAST_RATE, MOST_NOISE, MOST_PENALTY, Adjustments
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import MAX_ROLLBACKS, TrainConfig
from gansmith.errors import TrainingError, UsageError

N_STEPS = 12
RUN = TrainConfig(samples_seen=8 * N_STEPS, n_evaluations=3, n_checkpoints=4)


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


def finished(training):
    return training, list(training)


def broken(training, at: int) -> None:
    """Play `at` steps and break out of the loop."""
    if at:
        for record in training:
            if record.step == at:
                break


# --- Cures and patience ---------------------------------------------------------------------------------


ILL = {
    "collapse": {"coverage": [0.8, 0.1, 0.8, 0.1]},
    "sure": {
        "real_accuracy": [1.0, 0.5, 1.0, 1.0],
        "fake_accuracy": [1.0] * 4,
        "generator_gradient": [1.0] * 4,
    },
    "vanishing": {"real_accuracy": [1.0] * 4, "fake_accuracy": [1.0] * 4, "generator_gradient": [1e-9] * 4},
    "memory": {"memory_gap": [2.0, 0.0, 0.0, 2.0]},
    "spread": {"spread": [0.1, 0.1, 1.0, 1.0]},
    "oscillation": {"offset": [1.0, -1.0, 1.0, -1.0]},
}
"""Readings at the four evaluations of a run that is not well."""


@pytest.fixture
def ill_run(new_run, monkeypatch):
    """`ill_run(what, folder)`: a run of 12 steps with four evaluations, which read what is told here."""

    def make(what, folder=None, **config):
        run = new_run(folder, config=replace(RUN, n_evaluations=4, **config), n_packed=1)

        def read(heldout, seen):
            place = run.step // 3 - 1
            readings = {"coverage": 0.9, "offset": 0.0}
            readings |= {name: values[place] for name, values in ILL[what].items()}
            return heldout["real"], readings

        monkeypatch.setattr(run, "_read", read)
        run.evaluation = replace(run.evaluation, score="coverage")
        return run

    return make


@pytest.mark.parametrize("what", ILL)
def test_every_finding_has_a_cure_and_it_is_told(ill_run, what):
    run, records = finished(ill_run(what, cures_itself=True))
    told = [text for record in records for text in record.findings if text.startswith("cure: ")]
    assert told
    assert "nothing is left" not in told[0]
    assert run.adjustments != Adjustments()
    assert what in CURES.keys() == ILL.keys()
    bare, records = finished(ill_run(what))
    assert bare.adjustments == Adjustments()
    assert not any(text.startswith("cure") for record in records for text in record.findings)


@pytest.mark.parametrize("at", [2, 3, 5, 7, 10])
@pytest.mark.parametrize("what", ILL)
def test_a_run_that_cured_itself_is_resumed_bit_for_bit(ill_run, tmp_path, what, at):
    straight, _ = finished(ill_run(what, cures_itself=True))
    broken(ill_run(what, tmp_path, cures_itself=True), at)
    resumed = ill_run(what, tmp_path, cures_itself=True)
    assert resumed.step == at
    assert_same(finished(resumed)[0], straight)


def test_the_cure_of_a_collapse_goes_back_to_the_best_networks(ill_run):
    run = ill_run("collapse", cures_itself=True)
    states = {
        record.step: {name: value.clone() for name, value in run.game.state().items()} for record in run
    }
    best = {name: value for name, value in states[3].items() if "/average/" in name}
    for name, value in best.items():
        assert torch.equal(states[6][name], value)
        assert torch.equal(states[6][name.replace("/average/", "/network/")], value)
    assert not any(value.any() for name, value in states[6].items() if "/optimiser/" in name)


def test_a_cure_changes_what_is_played(ill_run, monkeypatch):
    run = ill_run("collapse", cures_itself=True)
    met = []
    play = run.game.play
    monkeypatch.setattr(run.game, "play", lambda *given: met.append(given[2]) or play(*given))
    list(run)
    assert [progress.rate_scale for progress in met] == [1.0] * 6 + [0.5] * 6
    assert [progress.adjustments.packs for progress in met] == [False] * 6 + [True] * 6


def test_only_what_was_changed_is_told():
    cure, before = CURES["collapse"], Adjustments()
    after = cure.adjusted(before)
    known = ("rate_scale", "packs")
    text = "cure: went back to the best networks, learning rates times 0.5"
    assert cure.in_words(before, after, ("rate_scale",)) == text
    assert cure.in_words(before, after, known) == f"{text}, records are judged in packs"
    assert CURES["sure"].in_words(before, CURES["sure"].adjusted(before), ()) == (
        "cure: nothing is left that could be changed"
    )
    noisy = CURES["memory"].adjusted(before)
    told = CURES["memory"].in_words(before, noisy, ("penalty_scale", "input_noise"))
    assert told == "cure: penalties times 2, noise of 0.1 on what the discriminator sees"


def test_cures_have_limits():
    adjustments = Adjustments()
    for cure in list(CURES.values()) * 20:
        adjustments = cure.adjusted(adjustments)
    assert adjustments == Adjustments(LEAST_RATE, MOST_PENALTY, MOST_NOISE, 0.5, packs=True)


@pytest.mark.parametrize(("scores", "n_steps"), [((0.5, 0.4, 0.4, 0.9), 9), ((0.1, 0.2, 0.1, 0.3), 12)])
def test_patience_ends_a_run_that_gets_no_better(new_run, tmp_path, scores, n_steps):
    def begun(folder=None):
        run = new_run(folder, config=replace(RUN, n_evaluations=4, patience=2))
        run.evaluation = replace(run.evaluation, score=lambda fake, real: scores[run.step // 3 - 1])
        return run

    run, records = finished(begun())
    assert len(records) == n_steps
    assert run.best_score == max(scores[: n_steps // 3])
    assert ("no better held-out score for 2 evaluations" in str(records[-1].findings)) == (n_steps == 9)
    broken(begun(tmp_path), 7)
    resumed, later = finished(begun(tmp_path))
    assert len(later) == n_steps - 7
    assert_same(resumed, run)
    assert finished(begun(tmp_path))[1] == [], "it is over when it is taken up once more"


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


def test_members_survive_a_break(new_run, tmp_path):
    config = replace(RUN, n_evaluations=6, ensemble_size=3)
    expected = finished(new_run(config=config))[0]
    assert len(expected.ensemble) == 3
    broken(new_run(tmp_path, config=config), 9)
    again = finished(new_run(tmp_path, config=config))[0]
    assert_same(again, expected)
    for one, other in zip(again.ensemble, expected.ensemble, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


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
    step, calls = training.game.generator.step, []

    def interrupted(share, scale):
        calls.append(share)
        if len(calls) == 5:
            raise KeyboardInterrupt
        step(share, scale)

    monkeypatch.setattr(training.game.generator, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(training)
    assert training.step < 5
    list(training)
    assert_same(training, straight[0])


def test_batches_of_any_size_are_played_and_resumed(new_run, tmp_path):
    """Poisson drawings give batches of other sizes than the rules say, now and then an empty one."""
    dataset, randomness = TensorDataset({"real": torch.randn(20, 2)}), Randomness(4)
    batches = Batches(dataset, Poisson(20, 0.07, randomness), randomness)
    sizes = {len(batches(index)) for index in range(2 * N_STEPS)}
    assert 0 in sizes
    assert len(sizes) > 3
    straight = finished(new_run(batches=batches))[0]
    assert straight.n_rollbacks == 0
    broken(new_run(tmp_path, batches=batches), 7)
    assert_same(finished(new_run(tmp_path, batches=batches))[0], straight)


# --- Rolling back --------------------------------------------------------------------------------------


class Poisoned:
    """Batches, one of which is not a number each time it is asked for, `n_times`."""

    def __init__(self, batches, index: int, n_times: int = 1) -> None:
        self.batches, self.index, self.n_left = batches, index, n_times

    def __call__(self, index: int):
        batch = self.batches(index)
        if index == self.index and self.n_left:
            self.n_left -= 1
            return batch.with_part("real", batch["real"] * math.nan)
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
    step = training.game.generator.step
    monkeypatch.setattr(
        training.game.generator,
        "step",
        lambda share, scale: (scales.append(scale), step(share, scale)),
    )
    records = list(training)
    assert scales == [1.0] * 8 + [0.5] * 6
    assert records[:7] == straight[1][:7]
    assert records[8].losses["generator"] != straight[1][6].losses["generator"]


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
