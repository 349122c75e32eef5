"""Who races, under which licence, and what can be asked of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final


@final
@dataclass(frozen=True)
class Competitor:
    """One way to make synthetic records, or an anchor."""

    name: str
    """Of the runner's module, and in `--only`."""
    title: str
    """On the page."""
    is_peer: bool = False
    """Runs under the peers' interpreter."""
    is_anchor: bool = False
    """Learns nothing; says what the numbers mean."""
    takes_epochs: bool = False
    takes_budget: bool = False


HOLDOUT: Final = "holdout"
"""Has no runner: real records are scored in the place of synthetic ones."""
COPY: Final = "copy"
OURS: Final = "ours"

COMPETITORS: Final = {
    one.name: one
    for one in (
        Competitor(HOLDOUT, "real hold-out", is_anchor=True),
        Competitor(COPY, "training copy", is_anchor=True),
        Competitor("independent", "independent columns", is_anchor=True),
        Competitor(OURS, "Gansmith", takes_epochs=True, takes_budget=True),
        Competitor("mostlyai", "MOSTLY AI engine", is_peer=True, takes_epochs=True, takes_budget=True),
        Competitor("gaussian_copula", "GaussianCopula (SDV)", is_peer=True),
        Competitor("tvae", "TVAE (SDV)", is_peer=True, takes_epochs=True),
        Competitor("ctgan", "CTGAN (SDV)", is_peer=True, takes_epochs=True),
    )
}
