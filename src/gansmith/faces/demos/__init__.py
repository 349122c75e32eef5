"""What a newcomer sees first: the classic games, played from end to end in less than a minute each."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def single_thread() -> Generator[None, None, None]:
    """One thread of torch: for small networks a second costs more than it gives. Restored at the end."""
    import torch  # heavy: not for `gansmith --help`

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
