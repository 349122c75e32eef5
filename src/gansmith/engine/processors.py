"""How processors calculate: on how many cores, and in half precision where they know it and it is worth it.

Half precision is for matrix products alone; weights always stay in full precision.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, Final, Literal, get_args

import torch
from torch import nn

from gansmith.nets.convolution import AbstractCounted

Precision = Literal["float32", "bfloat16"]
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)

MANY_OPERATIONS: Final = 20_000_000
"""Multiplications per pass of a batch above which half precision, and trying more cores, is worth it."""
VERY_MANY_OPERATIONS: Final = 1_000_000_000
"""Multiplications per pass of a batch above which all cores are used without trying."""

_lock = Lock()
_before: list[str] = []
"""What the setting was when each of those who wish quick products now came."""


def n_operations(networks: Mapping[str, nn.Module], batch_size: int) -> int:
    """Multiplications of one pass of a batch through all networks."""
    return batch_size * sum(
        network.n_operations if isinstance(network, AbstractCounted) else n_weights(network)
        for network in networks.values()
    )


def n_weights(network: nn.Module) -> int:
    """All numbers that a network learns."""
    return sum(weight.numel() for weight in network.parameters())


def fastest_precision(device: torch.device) -> str:
    """bfloat16 where the device multiplies in it natively, else float32."""
    if device.type == "cuda":
        return "bfloat16"
    can = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return "bfloat16" if can.get("avx512_bf16") or can.get("amx_bf16") else "float32"


def matrix_precision(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Within it, matrix products are taken in `precision`, one of `PRECISIONS`; this thread's alone."""
    return nullcontext() if precision == "float32" else torch.autocast(device.type, torch.bfloat16)


def sampling_precision(trained: str) -> str:
    """That of training, if this processor has it too."""
    return min(trained, fastest_precision(torch.device("cpu")), key=PRECISIONS.index)


@contextmanager
def quick_full_products(precision: str) -> Generator[None]:
    """Within it, torch asks another library for what is left to full precision, which is twice as fast.

    It is allowed to multiply in halves, which processors with AMX do: there nothing changes, for two digits
    are no full precision. Nor does it where `precision` is float32, or in torch before 2.9, which cannot say
    it. It holds for all threads of the process until the last that wished it has left.
    """
    products: Any = getattr(torch.backends.mkldnn, "matmul", None)
    if products is None or precision == "float32" or torch.cpu.get_capabilities().get("amx_bf16"):
        yield
        return
    with _lock:
        _before.append(products.fp32_precision)
        products.fp32_precision = "bf16"
    try:
        yield
    finally:
        with _lock:
            products.fp32_precision = _before.pop()


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
