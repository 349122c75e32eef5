"""What a user may choose of a run, and what is kept of it. Quickly imported: help texts are made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import final

from gansmith.engine.length import cuts_of
from gansmith.engine.tuning import AbstractTuning
from gansmith.errors import UsageError
from gansmith.settings import Annotated, Field, NonNegativeFloat, NonNegativeInt, settings


def parse_duration(budget: str) -> float:
    """A time such as "90s", "5m", "1h30m" or "300" in seconds.

    Raises:
        UsageError: When it is no such time, or none at all.

    Example:
        >>> parse_duration("1h30m")
        5400.0
    """
    number = r"(\d+\.?\d*|\.\d+)"
    match = re.fullmatch(rf"(?:{number}h)?(?:{number}m)?(?:{number}s?)?", budget.strip().lower())
    hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds
    if total <= 0:
        raise UsageError(f"budget {budget!r} is no time. Write for example 90s, 5m or 1h30m.")
    return total


@final
@settings(kw_only=True)
class FitConfig(AbstractTuning):
    """What a user may choose of a run on any kind of data; everything else follows from the data."""

    kind: str = ""
    """Kind of data: table, image, ...; empty finds it."""
    preset: str = "default"
    """Sizes and rules; see `gansmith list presets`."""
    budget: str = ""
    """Time to learn, such as 90s, 5m or 1h30m; empty takes the preset's length."""
    samples_seen: NonNegativeInt = 0
    """Length in records the discriminator learns from; repeats a run exactly; 0 takes the preset's length."""
    epochs: NonNegativeFloat = 0
    """Length in passes over the training records; 0 takes the preset's length."""
    seed: int = 0
    """Another seed, another model; the same seed, the same model bit for bit."""
    device: str = "auto"
    """auto, cpu, cuda or mps."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """Processor cores to learn with; 0 chooses. Part of what makes the same bits again."""
    patience: NonNegativeInt = 0
    """Evaluations in a row without a better held-out score after which the run ends; 0 goes on to its end."""
    cures: bool = False
    """Act on what the monitors find: go back, learn more slowly, ...; see `gansmith list cures`."""
    shortened: str = ""
    """Where a budget shortened the run to be repeated, as it was printed; goes with samples_seen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = [name for name in ("budget", "samples_seen", "epochs") if getattr(self, name)]
        if len(lengths) > 1:
            raise UsageError(f"{' and '.join(lengths)} both give a length. Give one.")
        if cuts_of(self.shortened) and not self.samples_seen:
            raise UsageError(
                "only a length in samples seen can be shortened. Give both as they were printed."
            )
        if self.budget:
            parse_duration(self.budget)


@final
@settings(kw_only=True)
class Summary:
    """How a training went, in a few numbers."""

    steps: NonNegativeInt
    samples_seen: NonNegativeInt
    shortened: str
    """Where, to keep a budget; see `gansmith.engine.length`."""
    n_rollbacks: NonNegativeInt
    ensemble_size: Annotated[int, Field(ge=1, le=64)]
    """Generators that take turns."""
    held_out_score: float | None
    """Of the networks that are kept; None where no records were held out."""
    readings: Mapping[str, float]
    """What was read off the game then."""
    is_finished: bool = True
    """Whether it came to its end; files of before say nothing, and did."""
