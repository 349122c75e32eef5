"""Films: every frame, for as long as it should be seen, and the word synthetic inside."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gansmith.errors import DataError, UsageError
from gansmith.modalities.movie import MOVIE_FORMATS, animated, check_movie, frames_of

FRAMES = [np.full((6, 8, 3), (40 * number, 0, 255 - 40 * number), np.uint8) for number in range(4)]


@pytest.mark.parametrize("suffix", MOVIE_FORMATS)
@pytest.mark.parametrize("is_grey", [False, True])
def test_frames_come_back_with_their_times(suffix, is_grey):
    frames = [frame[..., 0] for frame in FRAMES] if is_grey else FRAMES
    content = animated(frames, suffix, 0.2, 2.0, {"model": "abc<1>"})
    with Image.open(BytesIO(content)) as film:
        assert len([*ImageSequence.Iterator(film)]) == len(frames)
        for number, frame in enumerate(frames):
            film.seek(number)
            film.load()
            shown = np.asarray(film.convert("L" if is_grey else "RGB")).astype(int)
            assert np.abs(shown - frame).max() <= 1, number
            assert film.info["duration"] == (2000 if number == 3 else 200)
    assert b"synthetic" in content
    assert b"model" in content


def test_frames_of_several_sizes_or_none_make_no_film():
    with pytest.raises(DataError, match="frames of shapes"):
        animated([FRAMES[0], FRAMES[0][:3]], ".gif")
    with pytest.raises(UsageError, match="one frame at least"):
        animated([], ".gif")
    with pytest.raises(UsageError, match=r"a\.gfi: a film cannot .* Did you mean '\.gif'"):
        check_movie(Path("a.gfi"))


def test_frames_are_read_in_colour_if_one_is(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    Image.fromarray(FRAMES[1][..., 0]).save(paths[0])
    assert frames_of(paths[:1])[0].shape == (6, 8)
    Image.fromarray(FRAMES[2]).save(paths[1])
    grey, colour = frames_of(paths)
    assert (grey == 40).all()
    assert np.array_equal(colour, FRAMES[2])
    paths[1].write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"b\.png: no picture"):
        frames_of(paths)
