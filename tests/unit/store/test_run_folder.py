from __future__ import annotations

import pytest

from gansmith.errors import DataError, UsageError
from gansmith.store.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.start({"seed": 3})
    return folder


def test_config_comes_back(folder):
    assert folder.exists
    assert folder.config() == {"seed": 3}


def test_nothing_is_made_before_the_start(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.check_free()
    assert not folder.exists
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DataError, match="no run is here"):
        folder.config()


def test_an_unfinished_run_is_not_overwritten(folder):
    with pytest.raises(UsageError, match="--resume"):
        folder.start({"seed": 4})
    assert folder.config() == {"seed": 3}


def test_a_finished_run_makes_room(folder):
    folder.checkpoints.mkdir()
    for name in ("step-0000000003.safetensors", "stop-0000000004.safetensors"):
        (folder.checkpoints / name).write_bytes(b"old")
    folder.append_stats({"step": 1})
    folder.write_preview("step-1.txt", "old")
    folder.write_preview("step-1.png", b"old")
    folder.finish({"held_out_score": 0.5})
    assert folder.is_finished
    folder.start({"seed": 4})
    assert not folder.is_finished
    assert folder.config() == {"seed": 4}
    assert folder.stats() == []
    assert list(folder.checkpoints.iterdir()) == []
    assert list((folder.path / "previews").iterdir()) == []


def test_stats_are_rewound_to_where_a_run_resumes(folder):
    for step in (1, 2, 3):
        folder.append_stats({"step": step})
    folder.rewind_stats(2)
    folder.append_stats({"step": 3, "again": True})
    assert folder.stats() == [{"step": 1}, {"step": 2}, {"step": 3, "again": True}]


def test_a_line_cut_off_by_a_kill_is_left_out(folder):
    folder.append_stats({"step": 1})
    with (folder.path / "stats.jsonl").open("a") as file:
        file.write('{"step": 2, "disc')
    assert folder.stats() == [{"step": 1}]
    folder.rewind_stats(5)
    folder.append_stats({"step": 2})
    assert folder.stats() == [{"step": 1}, {"step": 2}]


@pytest.mark.parametrize("damaged", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[1]"])
def test_a_damaged_config(folder, damaged):
    (folder.path / "config.json").write_bytes(damaged)
    with pytest.raises(DataError, match=r"config\.json: damaged"):
        folder.config()


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(UsageError, match="holds no run"):
        RunFolder(tmp_path / "run").start({})


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "people.jsonl").write_text("{}")
    with pytest.raises(UsageError, match="holds no run"):
        RunFolder(tmp_path).start({})
    assert [path.name for path in tmp_path.iterdir()] == ["people.jsonl"]


def test_starting_anew_deletes_only_what_a_run_wrote(tmp_path):
    folder = RunFolder(tmp_path)
    folder.start({})
    folder.append_stats({"step": 1})
    folder.write_preview("step-1.txt", "x")
    folder.finish({})
    for name in ("notes.json", "people.jsonl", "previews/mine.png"):
        (tmp_path / name).write_text("mine")
    folder.start({"again": True})
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"config.json", "notes.json", "people.jsonl", "previews/mine.png"}


def test_frames_come_in_the_order_of_their_steps(folder):
    assert folder.frames() == []
    for step in (20, 3):
        folder.write_preview(f"step-{step:010d}.png", b"\x89PNG")
        folder.write_preview(f"step-{step:010d}.txt", "text")
    assert [path.name for path in folder.frames()] == ["step-0000000003.png", "step-0000000020.png"]
    assert folder.frames()[0].read_bytes() == b"\x89PNG"
