"""What every test stands on: one thread a process, no deadline, nobody's own terminal settings."""

from __future__ import annotations

import os
import runpy
from dataclasses import replace
from pathlib import Path

# Before torch and NumPy are imported: their thread pools read these once. One thread each keeps the order
# of sums, and so every bit of a result, the same from run to run, and leaves a core to each test worker.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_variable] = "1"
# Messages are compared as plain text, so no colours and no wrapping at the width of somebody's terminal.
os.environ.update(NO_COLOR="1", TERM="dumb", COLUMNS="120")
os.environ.pop("FORCE_COLOR", None)
# Before the package is imported: all its annotations are checked, shapes of arrays among them.
runpy.run_path(str(Path(__file__).with_name("annotations.py")))["install"]("gansmith")

import pytest
import torch
from hypothesis import HealthCheck, settings

torch.set_num_threads(1)

# The first example of a property pays for imports and caches: its time says nothing about the code.
# The same examples on every run; `HYPOTHESIS_PROFILE=thorough` looks for others, and more of them.
settings.register_profile(
    "gansmith", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50, derandomize=True
)
settings.register_profile(
    "thorough", parent=settings.get_profile("gansmith"), max_examples=1000, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gansmith"))


@pytest.fixture(autouse=True)
def _same_random_numbers():
    """Give every test the same inputs on every run, in any order and in any worker.

    Tests may draw their inputs with `torch.randn` or build a plain `torch.nn.Linear`. The package itself
    draws from the streams of `gansmith.engine.randomness`; a test that runs something twice sees whether.
    """
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def rough_calibration():
    """A last touch by fewer fakes, for tests that ask what a run does and not what it has learnt."""
    from gansmith.tabular import calibration

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "N_RECORDS", 4_000)
        yield


@pytest.fixture(scope="module")
def quick_judges():
    """Judges that have learnt little, for tests that ask what stands on a card and not how sharp it is."""
    from gansmith.modalities.audio import scoring as scoring_sounds
    from gansmith.modalities.image import scoring
    from gansmith.scorecard.learners import Trees

    options = Trees._options
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "N_QUICKLY_SEEN", 1_500)
        patch.setattr(scoring_sounds, "N_QUICKLY_SEEN", 1_500)
        patch.setattr(Trees, "_options", lambda *given: options(*given) | {"max_iter": 10})
        yield


@pytest.fixture(scope="module")
def small_contests():
    """Contests of methods against imbalance with five trees, one draw and a quick last touch."""
    from gansmith.scorecard.contest import rows
    from gansmith.scorecard.learners import TREES
    from gansmith.tabular import calibration
    from gansmith.tasks.rebalance import contest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "N_RECORDS", 500)
        patch.setattr(rows, "LEARNERS", {**rows.LEARNERS, "trees": replace(TREES, n_trees=5)})
        patch.setattr(contest, "N_DRAWS", 1)
        yield
