"""Python speaks while it learns, remembers what it has learnt, and can be stopped."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from gansmith.errors import DataError, GansmithWarning, UsageError
from gansmith.faces.cli import run as command
from gansmith.tabular import calibration
from gansmith.tasks.detect.detector import Detector
from gansmith.tasks.rebalance.sampler import Rebalancer
from gansmith.tasks.runs import fit
from gansmith.tasks.runs.telling import Teller
from gansmith.tasks.synthesize import Synthesizer, load
from gansmith.tasks.translate.translator import Translator

LENGTH = 216 * 10
SMALL: dict[str, Any] = {"preset": "small", "samples_seen": LENGTH, "threads": 1, "seed": 3}


@pytest.fixture(scope="module", autouse=True)
def _quick_last_touch():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "N_RECORDS", 500)
        yield


@pytest.fixture(scope="module")
def fitted(people):
    return Synthesizer(**SMALL).fit(people, "member")


def _stops_at(step: int):
    """Presses Ctrl-C after a step."""

    def show(record):
        if record.step == step:
            signal.raise_signal(signal.SIGINT)

    return show


@pytest.fixture(scope="module")
def stopped(people, tmp_path_factory):
    """A synthesizer that was stopped at half time, and its run."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    with pytest.warns(GansmithWarning, match=r"stopped after 5 of 10 steps.*resume=True") as heard:
        learnt = Synthesizer(**SMALL).fit(people, run=folder, resume=True, show=_stops_at(5))
    assert Path(heard[0].filename).parts[-3:-1] != ("gansmith", "tasks")
    return learnt, folder


# --- What is said -------------------------------------------------------------------------------------------


def test_a_script_reads_how_it_goes(people, capsys):
    Synthesizer(**SMALL).fit(people)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "DataFrame: 240 records, 24 held out"
    assert [line for line in lines if line.startswith("Note: suppressed, as fewer than")]
    assert lines[-2].startswith("100%  held-out score 0.")
    assert lines[-1].startswith("learnt in ")
    assert "\r" not in err


def test_verbose_false_is_silent(people, capsys):
    learnt = Synthesizer(**SMALL, verbose=False).fit(people)
    assert capsys.readouterr() == ("", "")
    assert any("suppressed, as fewer than" in note for note in learnt.notes_)


def test_a_terminal_has_one_line_that_is_written_over(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(written, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", written)
    teller = Teller(True)
    teller.passes("reading")
    teller.passes("too soon to be read")
    teller.stays("read")
    teller.clear()
    assert written.getvalue() == "reading\r       \rread\n"


def test_what_is_lost_is_a_warning_with_the_place_in_the_users_code(people):
    rare = people.assign(job=["cook"] * 239 + ["smith"])
    with pytest.warns(GansmithWarning, match="'job': not learnt, as without the suppressed values") as heard:
        Synthesizer(**SMALL, verbose=False).fit(rare)
    assert len(heard) == 1


def test_it_prints_what_it_is(fitted):
    text = str(fitted)
    for name, value in {
        "source": "DataFrame",
        "records": "240, of which 24 were held out",
        "columns": "4",
        "target": "member",
        "seed": "3",
    }.items():
        assert any(line.split(maxsplit=1) == [name, value] for line in text.splitlines()), name
    assert "held-out score" in text
    assert repr(fitted).startswith("<Synthesizer of DataFrame: 240 records, held-out score 0.")
    assert repr(fitted.model_).startswith("<Model of DataFrame")
    assert fitted._repr_mimebundle_()["text/plain"] == text
    assert "held-out score" in fitted._repr_mimebundle_()["text/html"]
    assert str(Synthesizer(seed=3)) == repr(Synthesizer(seed=3)) == "Synthesizer(seed=3)"


@pytest.mark.parametrize("kind", [Synthesizer, Detector, Rebalancer, Translator])
def test_all_of_them_are_told_to_be_silent_by_the_same_word(kind):
    assert kind().verbose is True
    assert kind(verbose=False).get_params()["verbose"] is False
    assert repr(kind(verbose=False)) == f"{kind.__name__}(verbose=False)"


def test_a_detector_says_what_it_learns_and_what_of(people, capsys):
    learnt = Detector(preset="small", samples_seen=400, detector_samples=500, threads=1).fit(people)
    assert "DataFrame: 192 records" in capsys.readouterr().err
    assert repr(learnt).startswith("<Detector of DataFrame")


# --- Records ------------------------------------------------------------------------------------------------


def test_each_call_draws_new_records_and_a_seed_repeats_them(fitted, tmp_path):
    path = tmp_path / "people.gan"
    fitted.save(path)
    one, other = load(path), load(path)
    first, second = one.sample(30), one.sample(30)
    assert not first.equals(second)
    pd.testing.assert_frame_equal(first, other.sample(30))
    pd.testing.assert_frame_equal(second, other.sample(30))
    pd.testing.assert_frame_equal(one.sample(30, seed=1), second)
    assert one.write(tmp_path / "a.csv", 3)["seed"] == 2


@pytest.mark.parametrize(("rows", "words"), [(3, "nothing here can be learnt"), (1, "a single record")])
def test_too_few_records_are_refused_as_on_the_command_line(rows, words, tmp_path, capsys):
    few = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, 2.5, 3.5]}).head(rows)
    few.to_csv(tmp_path / "few.csv", index=False)
    assert command(["fit", str(tmp_path / "few.csv"), "-o", str(tmp_path / "few.gan")]) == 3
    assert words in capsys.readouterr().err
    with pytest.raises(DataError, match=words):
        Synthesizer(**SMALL).fit(few)


# --- Stopped and resumed ------------------------------------------------------------------------------------


def test_what_was_stopped_makes_records_and_says_that_it_is_not_finished(stopped, tmp_path):
    learnt, _ = stopped
    with pytest.warns(GansmithWarning, match="not finished"):
        assert len(learnt.sample(5)) == 5
    assert repr(learnt).endswith("not finished>")
    learnt.save(tmp_path / "half.gan")
    with pytest.warns(GansmithWarning, match="not finished"):
        load(tmp_path / "half.gan").sample(1)


def test_what_is_stopped_before_the_last_touch_is_kept_as_well(people, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fit, "finished_ensemble", interrupted)
        with pytest.warns(GansmithWarning, match="stopped before the model was finished"):
            learnt = Synthesizer(**SMALL).fit(people)
    with pytest.warns(GansmithWarning, match="not finished"):
        assert len(learnt.sample(5)) == 5


def test_ctrl_c_a_second_time_ends_at_once(people):
    def twice(record):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        Synthesizer(**SMALL).fit(people, show=twice)


def test_resume_goes_on_to_the_same_model(fitted, people, tmp_path):
    with pytest.warns(GansmithWarning, match="stopped after 5"):
        Synthesizer(**SMALL).fit(people, "member", run=tmp_path / "run", show=_stops_at(5))
    steps: list[int] = []
    again = Synthesizer(**SMALL)
    again.fit(people, run=tmp_path / "run", resume=True, show=lambda record: steps.append(record.step))
    assert steps == [*range(6, 11)]
    assert again.target_ == "member"
    pd.testing.assert_frame_equal(again.sample(30), fitted.sample(30, seed=0))


def test_resuming_names_what_differs(stopped, people):
    _, folder = stopped
    with pytest.raises(UsageError, match=r"seed is 3 there, 4 here; target is '' there, 'city' here\. Leave"):
        Synthesizer(**{**SMALL, "seed": 4}).fit(people, "city", run=folder, resume=True)
    with pytest.raises(UsageError, match="min_count is 0 there, 9 here"):
        Synthesizer(**SMALL).fit(people, run=folder, resume=True, min_count=9)
    with pytest.raises(UsageError, match=r"resume=True"):
        Synthesizer(**SMALL).fit(people, run=folder)
    with pytest.raises(UsageError, match=r"run=\.\.\."):
        Synthesizer(**SMALL).fit(people, resume=True)


def test_the_best_so_far_can_be_sampled_from_the_run_folder(stopped, capsys, tmp_path):
    learnt, folder = stopped
    best = load(folder)
    assert best.model_.manifest["training"]["held_out_score"] is not None
    weights, kept = (one.model_.networks["discriminator"].state_dict() for one in (best, learnt))
    assert all(torch.equal(weights[name], kept[name]) for name in kept)
    assert command(["sample", str(folder), "-n", "7", "-o", str(tmp_path / "seven.csv")]) == 0
    assert "Note: the model is not finished" in capsys.readouterr().err
    assert len(pd.read_csv(tmp_path / "seven.csv")) == 7


def test_a_run_without_a_best_model_says_so(people, tmp_path):
    longer = Synthesizer(**{**SMALL, "samples_seen": 2 * LENGTH})
    with pytest.warns(GansmithWarning, match="stopped after 1 of 20"):
        longer.fit(people, run=tmp_path / "run", show=_stops_at(1))
    with pytest.raises(DataError, match="no model yet"):
        load(tmp_path / "run")
    with pytest.raises(DataError, match="no run is here"):
        load(tmp_path)
