"""What may be chosen by name in an engine's settings; quickly imported."""

from __future__ import annotations

from typing import Literal

Optimiser = Literal["adam", "sgd", "rmsprop"]
"""How a step follows from gradients."""
LatentDistribution = Literal["normal", "uniform"]
"""Standard normal numbers, or numbers evenly from [-1, 1)."""
Turns = Literal["fresh", "same_fakes", "one_pass"]
"""One after the other, each on records and fakes of its own; on the same ones, a pass of the generator less;
or at the same time, from one pass of the discriminator, the cheapest."""
