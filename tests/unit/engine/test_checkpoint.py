from __future__ import annotations

import errno
import os

import pytest
import torch

from gansmith.engine.checkpoint import Checkpoint, Checkpoints
from gansmith.errors import DataError


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint(
        step,
        {"best_score": 0.1 + 0.2, "step": step},
        {"a/b": torch.full((3, 2), 1 / 3) * step, "n": torch.tensor(7)},
    )


def newest(kept: Checkpoints) -> Checkpoint:
    found = kept.newest()
    assert found is not None
    return found


def test_goes_round_bit_for_bit(tmp_path):
    Checkpoints(tmp_path / "deep" / "er").save(checkpoint(5))
    found = Checkpoints(tmp_path / "deep" / "er").newest()
    assert found is not None
    assert (found.step, found.values) == (5, checkpoint(5).values)
    assert found.tensors.keys() == checkpoint(5).tensors.keys()
    assert all(torch.equal(found.tensors[name], value) for name, value in checkpoint(5).tensors.items())


def test_keeps_the_newest(tmp_path):
    kept = Checkpoints(tmp_path, n_kept=2)
    for step in (1, 2, 10, 9):
        kept.save(checkpoint(step))
    assert kept.steps() == [9, 10]
    assert newest(kept).step == 10


def test_a_stop_pushes_no_regular_checkpoint_out(tmp_path):
    kept = Checkpoints(tmp_path, n_kept=2)
    for step in (3, 6):
        kept.save(checkpoint(step))
    for step in (7, 8):
        kept.save(checkpoint(step), is_stop=True)
    assert (kept.steps(), kept.steps("stop")) == ([3, 6], [8])
    assert newest(kept).step == 8
    regular = kept.newest(["step"])
    assert regular is not None
    assert regular.step == 6
    kept.save(checkpoint(9))
    assert (kept.steps(), kept.steps("stop")) == ([6, 9], [])


def test_nothing_there(tmp_path):
    assert Checkpoints(tmp_path / "none").newest() is None
    assert Checkpoints(tmp_path).at(3) is None


def test_truncated_anywhere_falls_back(tmp_path):
    kept = Checkpoints(tmp_path)
    kept.save(checkpoint(1))
    kept.save(checkpoint(2))
    path = tmp_path / "step-0000000002.safetensors"
    content = path.read_bytes()
    for share in range(20):
        path.write_bytes(content[: len(content) * share // 20])
        assert newest(kept).step == 1
    path.write_bytes(content)
    assert newest(kept).step == 2


def test_any_flipped_bit_falls_back_or_changes_nothing(tmp_path):
    kept = Checkpoints(tmp_path)
    kept.save(checkpoint(1))
    kept.save(checkpoint(2))
    path = tmp_path / "step-0000000002.safetensors"
    content = path.read_bytes()
    n_refused = 0
    for bit in range(0, 8 * len(content), 7):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        found = newest(kept)
        n_refused += found.step == 1
        if found.step == 2:
            assert found.values == checkpoint(2).values
            assert all(
                torch.equal(found.tensors[name], value) for name, value in checkpoint(2).tensors.items()
            )
    assert n_refused > len(content) // 7


def test_a_safetensors_file_of_somebody_else_is_passed_over(tmp_path):
    import safetensors.torch

    kept = Checkpoints(tmp_path)
    kept.save(checkpoint(1))
    safetensors.torch.save_file({"x": torch.ones(1)}, tmp_path / "step-0000000009.safetensors")
    (tmp_path / "step-9.safetensors").write_bytes(b"not counted")
    assert newest(kept).step == 1


def test_full_disk_leaves_the_old_ones(tmp_path, monkeypatch):
    kept = Checkpoints(tmp_path, n_kept=2)
    kept.save(checkpoint(1))
    kept.save(checkpoint(2))

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        kept.save(checkpoint(3))
    assert kept.steps() == [1, 2]
    assert newest(kept).step == 2
    assert sorted(path.name[:5] for path in tmp_path.iterdir()) == ["step-", "step-"], "nothing half-written"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.bool, torch.int64, torch.uint8])
def test_tensors_of_any_type_go_round(tmp_path, dtype):
    tensors = {"a": torch.arange(6).reshape(2, 3).to(dtype), "none": torch.zeros(0, 3).to(dtype)}
    Checkpoints(tmp_path).save(Checkpoint(3, {}, tensors))
    found = Checkpoints(tmp_path).newest()
    assert found is not None
    assert all(torch.equal(found.tensors[name], value) for name, value in tensors.items())
