"""The budget: charged before, written down, replayed, never spent twice in silence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.privacy import accounting, statement
from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Charge, Ledger
from gansmith.privacy.mechanisms import noisy_counts, noisy_n_rows, select
from gansmith.privacy.noise import ExactNoise
from gansmith.privacy.randomness import SeededBits
from gansmith.settings import from_plain

PROMISED = Guarantee(1.0)
COUNTS = np.arange(6, dtype=np.int64)


def procedure(ledger):
    """A few releases, some of them decided by others."""
    n_rows = noisy_n_rows(ledger, 1_000, 0.1 * ledger.rho_left)
    first = noisy_counts(ledger, COUNTS, 0.5 * ledger.rho_left, "age")
    chosen = select(ledger, COUNTS.astype(float), 0.2 * ledger.rho_left, "pair")
    last = noisy_counts(ledger, COUNTS, ledger.rho_left, f"pair {chosen}")
    return n_rows, first.tolist(), chosen, last.tolist()


def test_all_of_it_may_be_spent_and_no_more():
    ledger = Ledger(PROMISED)
    procedure(ledger)
    assert ledger.rho_left == pytest.approx(0, abs=1e-9)
    assert ledger.spent().epsilon <= PROMISED.epsilon * (1 + 1e-6)
    assert ledger.spent().epsilon > 0.999 * PROMISED.epsilon
    with pytest.raises(
        UsageError, match=r"Gaussian on more .*than is left of epsilon 1.*Nothing was released"
    ):
        noisy_counts(ledger, COUNTS, 1e-4, "more")


def test_nothing_is_drawn_that_cannot_be_paid():
    ledger = Ledger(PROMISED)
    with pytest.raises(UsageError):
        ledger.release(Charge("Gaussian", "x", rho=1.0), lambda _noise: pytest.fail("drawn"))
    assert ledger.charges == []


def test_thresholds_have_a_delta_of_their_own():
    ledger = Ledger(PROMISED)
    ledger.release(Charge("noisy threshold", "city", delta=6e-8), lambda _noise: {})
    with pytest.raises(UsageError, match="4e-08 is left for thresholds"):
        ledger.release(Charge("noisy threshold", "street", delta=6e-8), lambda _noise: {})
    assert ledger.spent().delta == pytest.approx(0.9e-6 + 6e-8)


def test_steps_on_poisson_batches_are_accounted_for(monkeypatch):
    monkeypatch.setattr(accounting, "_google", lambda: None)  # slow here, and compared elsewhere
    ledger = Ledger(Guarantee(3.0, 1e-5))
    ledger.release(Charge("Gaussian", "labels", rho=0.01, sigma=7.1), lambda _noise: 0)
    ledger.release(Charge("DP-SGD", "discriminator", sigma=1.0, rate=0.01, n_steps=500), lambda _noise: None)
    assert 0.5 < ledger.spent().epsilon < 3
    with pytest.raises(UsageError):
        ledger.release(
            Charge("DP-SGD", "discriminator", sigma=1.0, rate=0.01, n_steps=9_000), lambda _noise: None
        )


def test_a_run_that_is_resumed_replays(tmp_path):
    path = tmp_path / "ledger.jsonl"
    before = Ledger(PROMISED, path)
    found = procedure(before)
    again = Ledger(PROMISED, path)
    assert procedure(again) == found
    assert again.charges == before.charges
    assert again.to_plain() == before.to_plain()
    assert path.stat().st_mode & 0o077 == 0


def test_a_run_that_was_killed_anywhere_pays_once(tmp_path):
    """It goes on with what was there, and ends with the same total, or with a refusal."""
    path = tmp_path / "ledger.jsonl"
    procedure(Ledger(PROMISED, path))
    whole = path.read_bytes()
    line_ends = [end for end, byte in enumerate(whole) if byte == 10]
    near = {end + by for end in line_ends for by in (-1, 0, 1, 2, 9, 12, 20)}
    for end in sorted({0, 5, *near} & set(range(len(whole) + 1))):
        path.write_bytes(whole[:end])
        resumed = Ledger(PROMISED, path)
        known = [json.loads(line)[2] for line in whole[:end].splitlines(keepends=True)
                 if line.startswith(b'["result"') and line.endswith(b"\n")]  # fmt: skip
        is_lost = whole[:end].rpartition(b"\n")[2].startswith(b'["result"')
        try:
            procedure(resumed)
        except UsageError:
            assert is_lost  # what was cut off while it came out counts as spent
        results = [result for _, result in resumed._stored]
        assert results[: len(known)] == known
        assert resumed.loss.rho <= resumed.rho_budget * (1 + 1e-9)
        total = 4 + is_lost
        assert len(resumed.charges) in ((total, total - 1) if is_lost else (4,))


def test_a_result_that_was_cut_off_is_paid_again(tmp_path):
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(PROMISED, path)
    noisy_counts(ledger, COUNTS, 0.005, "age")
    path.write_bytes(path.read_bytes()[:-6])
    resumed = Ledger(PROMISED, path)
    noisy_counts(resumed, COUNTS, 0.005, "age")
    assert [charge.on for charge in resumed.charges] == ["age", "age"]
    third = Ledger(PROMISED, path)
    assert third.loss.rho == pytest.approx(0.01)
    noisy_counts(third, COUNTS, 0.005, "age")
    assert third.loss.rho == pytest.approx(0.01)


def test_a_mechanism_that_broke_down_may_be_asked_again():
    ledger = Ledger(PROMISED)

    def broken(_noise):
        raise MemoryError

    with pytest.raises(MemoryError):
        ledger.release(Charge("Gaussian", "age", rho=0.005), broken)
    assert ledger.release(Charge("Gaussian", "age", rho=0.005), lambda _noise: 3) == 3
    assert len(ledger.charges) == 1


def test_a_resumed_run_that_asks_for_something_else_is_refused(tmp_path):
    path = tmp_path / "ledger.jsonl"
    noisy_counts(Ledger(PROMISED, path), COUNTS, 0.005, "age")
    with pytest.raises(DataError, match=r"Gaussian on age comes next .* Gaussian on sex was asked for"):
        noisy_counts(Ledger(PROMISED, path), COUNTS, 0.005, "sex")
    with pytest.raises(DataError, match=r"begun under epsilon 1, .*Resume it with these"):
        Ledger(Guarantee(2.0), path)


@pytest.mark.parametrize(
    "content", [b'["guarantee", 99, {}]\n', b"garbage\n", b'["guarantee", 1, {"epsilon": -1.0}]\n', b"[]\n"]
)
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"ledger\.jsonl: damaged"):
        Ledger(PROMISED, path)


def test_a_file_that_cannot_be_written_releases_nothing(tmp_path):
    ledger = Ledger(PROMISED, tmp_path / "ledger.jsonl")
    (tmp_path / "ledger.jsonl").unlink()
    (tmp_path / "ledger.jsonl").mkdir()
    with pytest.raises(DataError, match="Nothing is released that cannot be written down"):
        ledger.release(Charge("Gaussian", "age", rho=0.005), lambda _noise: pytest.fail("drawn"))


def test_two_runs_do_not_spend_one_budget(tmp_path):
    path = tmp_path / "ledger.jsonl"
    one, two = Ledger(PROMISED, path), Ledger(PROMISED, path)
    noisy_counts(one, COUNTS, 0.005, "age")
    with pytest.raises(DataError, match="somebody else has written to it"):
        two.release(Charge("Gaussian", "age", rho=0.005), lambda _noise: pytest.fail("drawn"))


def test_a_seed_voids_the_guarantee(tmp_path):
    path = tmp_path / "ledger.jsonl"
    seeded = [Ledger(PROMISED, noise=ExactNoise(SeededBits(7))) for _ in range(2)]
    assert procedure(seeded[0]) == procedure(seeded[1])
    assert not seeded[0].is_private
    assert statement.title(seeded[0].to_plain()).startswith("none: the noise was drawn from a seed")
    Ledger(PROMISED, path, noise=ExactNoise(SeededBits(7)))
    assert not Ledger(PROMISED, path).is_private  # once void, void for good
    assert Ledger(PROMISED).is_private


def test_what_is_public_is_said_once():
    ledger = Ledger(PROMISED)
    for _ in range(2):
        ledger.declare_public("age", "0 to 120, from schema.json")
    assert ledger.public == [("age", "0 to 120, from schema.json")]


@pytest.mark.parametrize(
    "given", [{"epsilon": 0.0}, {"epsilon": -1.0}, {"delta": 0.0}, {"delta": 1.0}, {"max_rows": 0}]
)
def test_a_guarantee_that_is_none_is_refused(given):
    with pytest.raises(UsageError, match=next(iter(given))):
        from_plain(Guarantee, {"epsilon": 1.0, **given})


def test_a_delta_that_publishes_somebody_is_refused():
    Guarantee(1.0, 1e-4).check_size(9_999)
    with pytest.raises(UsageError, match=r"more than one in 20,000.*--delta 5e-06"):
        Guarantee(1.0, 1e-4).check_size(20_000)
