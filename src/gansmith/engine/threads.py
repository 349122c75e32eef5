"""How many processor cores tensor operations use."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch


@contextmanager
def n_threads(n: int) -> Generator[None]:
    """Within it, tensor operations use `n` cores; afterwards as many as before.

    Small networks are fastest on one: more would mostly wait for each other, and for whatever else the
    machine is doing.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
