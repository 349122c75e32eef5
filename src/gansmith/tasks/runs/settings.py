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
        raise UsageError(f"budget {budget!r} is not a duration. Write for example 90s, 5m or 1h30m.")
    return total


@final
@settings(kw_only=True)
class FitConfig(AbstractTuning):
    """What a user may choose of a run on any kind of data; everything else follows from the data."""

    kind: str = ""
    """Kind of data: table, image, ...; empty: found from the data."""
    preset: str = "default"
    """Ready-made networks and game; see `gansmith list presets`."""
    budget: str = ""
    """Training time, such as 90s, 5m or 1h30m; empty takes the preset's length."""
    samples_seen: NonNegativeInt = 0
    """Training length in real records shown to the discriminator, for runs that can be repeated exactly; 0
    takes the preset's length."""
    epochs: NonNegativeFloat = 0
    """Training length in passes over the training records; 0 takes the preset's length."""
    seed: int = 0
    """Random seed; the same seed gives the same model, bit for bit."""
    device: str = "auto"
    """Where to learn: auto, cpu, cuda or mps."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """Processor cores to learn with; 0 chooses. A run is repeated exactly only with the same number."""
    patience: NonNegativeInt = 0
    """Stop early after this many evaluations without a better held-out score; 0 never stops early."""
    cures: bool = False
    """Act on problems that the monitors find, such as collapse; see `gansmith list cures`."""
    shortened: str = ""
    """To repeat a run that its budget shortened: the value that it printed; goes with samples_seen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = [name for name in ("budget", "samples_seen", "epochs") if getattr(self, name)]
        if len(lengths) > 1:
            raise UsageError(f"{' and '.join(lengths)} each give a length. Give one of them.")
        if cuts_of(self.shortened) and not self.samples_seen:
            raise UsageError("shortened goes with samples_seen. Give both as the run printed them.")
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
