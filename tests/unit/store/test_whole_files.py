from __future__ import annotations

import errno
import os

import pytest

from gansmith.errors import DataError
from gansmith.store import whole_file, whole_folder, write_whole


def test_appears_whole(tmp_path):
    path = tmp_path / "out.bin"
    with whole_file(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_else_may_read_what_is_private(tmp_path):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_whole(path, b"new", is_private=True)
    assert path.stat().st_mode & 0o777 == 0o600
    write_whole(path, b"newer")
    assert path.stat().st_mode & 0o400


def test_an_exception_in_the_body_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def interrupted():
        with whole_file(path) as file:
            file.write(b"half")
            raise KeyError("body")

    with pytest.raises(KeyError):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, where):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, where, full)
    with pytest.raises(DataError, match=r"out\.bin: could not be written \(No space left on device\)"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_while_the_body_writes(tmp_path):
    path = tmp_path / "out.bin"
    with pytest.raises(DataError, match="could not be written"), whole_file(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - a device
def test_a_disk_that_is_really_full(tmp_path, monkeypatch):
    from pathlib import Path

    monkeypatch.setattr(Path, "with_name", lambda self, name: Path("/dev/full"))
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
    with pytest.raises(DataError, match="No space left"):
        write_whole(tmp_path / "out.bin", b"x" * 100_000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="Permission denied"):
        write_whole(tmp_path / "out.bin", b"new")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="No such file or directory"):
        write_whole(tmp_path / "none" / "out.bin", b"new")


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "out.bin").mkdir()
    with pytest.raises(DataError, match="could not be written"):
        write_whole(tmp_path / "out.bin", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "out.bin"]


# --- Folders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_appears_whole(tmp_path, is_there):
    path = tmp_path / "out"
    if is_there:
        path.mkdir()
    with whole_folder(path) as aside:
        (aside / "a").write_text("a")
        assert not (path / "a").exists()
    assert [file.name for file in path.iterdir()] == ["a"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_with_something_in_it_is_left_as_it_was(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    (path / "mine").write_text("mine")

    def fill():
        with whole_folder(path) as aside:
            (aside / "a").write_text("a")

    with pytest.raises(DataError, match="out: could not be written"):
        fill()
    assert [file.name for file in path.iterdir()] == ["mine"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_left_half_filled(tmp_path):
    def fill(error):
        with whole_folder(tmp_path / "out") as aside:
            (aside / "a").write_text("a")
            raise error

    with pytest.raises(KeyboardInterrupt):
        fill(KeyboardInterrupt())
    with pytest.raises(DataError, match="No space left"):
        fill(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert list(tmp_path.iterdir()) == []
