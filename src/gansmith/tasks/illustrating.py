"""Pictures beside the numbers of a report: the training as a film, what lies between records of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.canvas import as_address, canvas_of
from gansmith.modalities.format import Pictured
from gansmith.modalities.registry import Modality, needed

if TYPE_CHECKING:  # it imports what learns
    from gansmith.tasks.model import Model

N_FRAMES: Final = 6
MAX_FILM_BYTES: Final = 700_000
"""Of all frames together."""
N_WALKS: Final = 5
N_STEPS: Final = 8
"""From one end of a walk to the other."""


def film_of(frames: Sequence[Path], stats: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Some of a run's previews for a page, evenly picked from the first to the last.

    Args:
        frames: Picture files called `step-NUMBER`, in order.
        stats: What the run wrote down, in order: `samples_seen` by `step`.

    Returns:
        Of each its name, title, label and image, a `data:` address; fewer than `N_FRAMES` where these were
        larger than `MAX_FILM_BYTES`, and none where there are no frames.

    Raises:
        DataError: When one is no picture.
    """
    known = [(int(one["step"]), int(one["samples_seen"])) for one in stats if "samples_seen" in one]
    for n in range(min(N_FRAMES, len(frames)), 0, -1):
        places = np.linspace(0, len(frames) - 1, n).round().astype(int).tolist() if n > 1 else [-1]
        film = [_frame(frames[place], known) for place in places]
        if sum(len(one["image"]) for one in film) <= MAX_FILM_BYTES:
            return film
    return []


def _frame(path: Path, known: Sequence[tuple[int, int]]) -> dict[str, str]:
    """A preview, called by the samples that were seen until then: between known steps they grow evenly."""
    number, title = path.stem.partition("-")[2], path.stem
    if number.isdecimal() and known:
        steps, samples = zip((0, 0), *known, strict=True)
        title = f"{round(float(np.interp(int(number), steps, samples))):,} samples"
    label = f"Generated records at this moment of the training: {title}."
    return {"name": path.stem, "title": title, "label": label, "image": as_address(canvas_of(path))}


def checked_model(model: str | Path | Model, modality: Modality) -> Model:
    """The model that made the data, loaded.

    Raises:
        UsageError: When it makes another kind of data.
        ModelFileError: When there is no model in the file.
    """
    from gansmith.tasks.model import Model, load_model  # heavy: only for those who give a model

    loaded = model if isinstance(model, Model) else load_model(Path(model))
    if loaded.modality.kind != modality.kind:
        raise UsageError(
            f"the model makes data of kind {loaded.modality.kind!r}, and the real data is of kind "
            f"{modality.kind!r}. Give the model that made the synthetic data, or leave out --model."
        )
    return loaded


def between(model: Model, seed: int) -> Mapping[str, Any]:
    """What lies between records of a model, as a gallery: walks from one record to another, one a row.

    Raises:
        UsageError: When the model has no latents, or its records cannot be shown as pictures.
    """
    from gansmith.tasks.latents import LatentSpace, joined_points  # heavy

    form = needed(model.modality.format, Pictured, model.modality.kind)
    space = LatentSpace(model)
    walks = [space.walk(space.draw(2, seed + number), N_STEPS) for number in range(N_WALKS)]
    return form.gallery(
        "between",
        "What lies between",
        "Each row is a walk through the model's latents, from one generated record at the left to another. "
        "Records on the way should be as real as those at the ends, and change little by little.",
        space.records(joined_points(walks)),
        N_STEPS + 1,
    )
