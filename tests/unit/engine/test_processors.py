"""Where products are taken in half precision, and that it is told to nobody else."""

from __future__ import annotations

import pytest
import torch

from gansmith.engine.processors import matrix_precision, quick_full_products

CPU = torch.device("cpu")
HAS_AMX = bool(torch.cpu.get_capabilities().get("amx_bf16"))


@pytest.mark.parametrize(
    ("precision", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)]
)
def test_products_are_taken_as_told(precision, expected):
    with matrix_precision(precision, CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_full_products_stay_full(precision):
    left, right = torch.rand(64, 300), torch.rand(300, 64)
    exact = (left.double() @ right.double()).float()
    with quick_full_products(precision):
        assert torch.allclose(left @ right, exact, rtol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_quick_products_are_full_and_the_setting_is_put_back(precision):
    products = getattr(torch.backends.mkldnn, "matmul", None)
    before = products.fp32_precision if products else None
    left, right = torch.rand(64, 300), torch.rand(300, 64)
    with quick_full_products(precision):
        made = left @ right
        is_quick = precision == "bfloat16" and not HAS_AMX
        assert products is None or products.fp32_precision == ("bf16" if is_quick else before)
    assert made.dtype == torch.float32
    with pytest.raises(ZeroDivisionError), quick_full_products(precision):
        _ = 1 / 0
    assert products is None or products.fp32_precision == before


def test_who_leaves_first_does_not_take_it_from_the_other():
    products = getattr(torch.backends.mkldnn, "matmul", None)
    if products is None or HAS_AMX:
        pytest.skip("this torch has no such setting, or products would be taken in halves")
    before, first, second = (
        products.fp32_precision,
        quick_full_products("bfloat16"),
        quick_full_products("bfloat16"),
    )
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert products.fp32_precision == "bf16"
    second.__exit__(None, None, None)
    assert products.fp32_precision == before
