"""Sounds for a report: spectrograms in rows, and beside them what is heard, as long as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from gansmith.modalities.audio.drawing import spectrograms
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.canvas import as_address, tiled
from gansmith.modalities.waves import wav_address
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.records import Target

Gallery = dict[str, Any]
"""name, title, caption, label (what is to be seen, in words), image and sounds, data addresses; perhaps rows,
the names of equally high rows."""

N_IN_GRID: Final = 24
N_COLUMNS: Final = 6
N_HEARD: Final = 12
"""Sounds of a gallery that can be played."""
HEARD_BYTES: Final = 700_000
"""Of all sounds of a gallery: of long ones fewer are heard, at a lower rate."""
HEARD_RATE_HZ: Final = 16_000
BACKGROUND: Final = 128
_MAX_CLASSES: Final = 12
_N_PAIRS: Final = 6


def plain_gallery(name: str, title: str, sounds: Sounds) -> Gallery:
    """Some sounds in rows."""
    some = sounds.take(np.arange(min(N_IN_GRID, len(sounds))))
    label = f"{title}: spectrograms of {len(some)} of {len(sounds):,}."
    return _gallery(name, title, f"{len(some)} of {len(sounds):,}", label, some, N_COLUMNS)


def rows_gallery(name: str, title: str, caption: str, sounds: Sounds, n_columns: int) -> Gallery:
    """Sounds in rows of so many."""
    return _gallery(name, title, caption, f"{title}: rows of {n_columns} sounds.", sounds, n_columns)


def class_rows(fake: Sounds, real: Sounds, targets: Sequence[Target]) -> list[Gallery]:
    """Of the first target, real and generated sounds of each class in rows of their own: two galleries.

    Classes that may not be named are left out.
    """
    if not targets or targets[0].name not in fake.attributes.columns:
        return []
    target = targets[0]
    classes = [one for one in target.classes if one not in target.rare][:_MAX_CLASSES]
    found = list[Gallery]()
    for name, title, sounds in (
        ("real-classes", "Real sounds by", real),
        ("synthetic-classes", "Generated sounds by", fake),
    ):
        column = sounds.attributes.columns[target.name].tolist()
        places = [[place for place, value in enumerate(column) if value == one] for one in classes]
        if not classes or not all(places):
            continue
        rows = [(some * N_COLUMNS)[:N_COLUMNS] for some in places]
        shown = sounds.take(np.concatenate(rows))
        title = f"{title} {target.name}"
        label = f"{title}, one row for each of {', '.join(classes)}."
        n_left = len(target.classes) - len(classes)
        caption = f"{len(classes)} of {len(target.classes)}" if n_left else ""
        heard = [f"{one}" for one in classes]
        gallery = _gallery(name, title, caption, label, shown, N_COLUMNS, classes)
        firsts = shown.take(np.arange(len(classes)) * N_COLUMNS)
        found.append({**gallery, "sounds": _heard(firsts, heard)})
    return found


def pairs_gallery(fake: Sounds, train: Sounds, likeness: Likeness, border: float) -> Gallery:
    """The generated sounds that are most like one training sound, above these."""
    order = np.argsort(likeness.ratio, kind="stable")[:_N_PAIRS]
    ours, theirs = fake.take(order), train.take(likeness.which[order])
    n_near = int(likeness.is_near(border).sum())
    caption = (
        "Above generated sounds, below the training sound that each is most like, the most suspicious first. "
        f"{n_near:,} of {len(likeness.ratio):,} are near copies."
    )
    tiles = np.concatenate([spectrograms(ours), spectrograms(theirs)])
    image = as_address(tiled(tiles, 255, len(order), 1, 1, BACKGROUND))
    heard = [
        one
        for place in range(len(order))
        for one in (
            *_heard(ours.take(np.array([place])), [f"generated {place + 1}"]),
            *_heard(theirs.take(np.array([place])), [f"training {place + 1}"]),
        )
    ]
    return {
        "name": "suspicious", "title": "The most suspicious sounds", "caption": caption, "label": caption,
        "image": image, "rows": ["generated", "training"], "sounds": heard,
    }  # fmt: skip


def _gallery(
    name: str,
    title: str,
    caption: str,
    label: str,
    sounds: Sounds,
    n_columns: int,
    rows: Sequence[str] = (),
) -> Gallery:
    image = as_address(tiled(spectrograms(sounds), 255, n_columns, 1, 1, BACKGROUND))
    some = sounds.take(np.arange(min(len(sounds), N_HEARD)))
    named = {"rows": list(rows)} if rows else {}
    heard = _heard(some, [f"{place + 1}" for place in range(len(some))])
    return {
        "name": name, "title": title, "caption": caption, "label": label, "image": image, **named,
        "sounds": heard,
    }  # fmt: skip


def _heard(sounds: Sounds, titles: Sequence[str]) -> list[dict[str, str]]:
    """Sounds to be played, mono, at a lower rate where it is high; as many as there is room for."""
    found, n_bytes = list[dict[str, str]](), 0
    step = max(1, round(sounds.form.rate_hz / HEARD_RATE_HZ))
    for place, title in enumerate(titles):
        wave = sounds.heard(place).mean(1, keepdims=True)
        n = len(wave) // step * step
        fewer = wave[:n].reshape(-1, step, 1).mean(1) if step > 1 else wave
        n_bytes += 2 * len(fewer)
        if n_bytes > HEARD_BYTES:
            break
        address = wav_address(np.rint(fewer).astype(np.int16), round(sounds.form.rate_hz / step))
        found.append({"title": title, "address": address})
    return found
