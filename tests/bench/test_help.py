"""Help texts of the measurements: argparse fills them in by `%`, so that a lone one breaks `--help`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize("path", sorted(BENCH.rglob("*.py")), ids=lambda path: path.stem)
def test_a_percent_sign_in_a_help_text_is_written_twice(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
            assert str(node.value.value) % {"prog": "bench", "default": 1}
