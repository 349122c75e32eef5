"""Half precision for matrix products, where a processor knows it; weights always stay in full precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final

import torch

PRECISIONS: Final = ("float32", "bfloat16")


def fastest_precision(device: torch.device) -> str:
    """bfloat16 where the device multiplies in it natively, else float32."""
    if device.type == "cuda":
        return "bfloat16"
    can = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return "bfloat16" if can.get("avx512_bf16") or can.get("amx_bf16") else "float32"


def matrix_precision(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Within it, matrix products are taken in `precision`, one of `PRECISIONS`."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
