"""The public face: the names of `gansmith.__all__`, and nothing loaded before it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import gansmith

# Seconds each: `gansmith --help` and `import gansmith` must not pay for them.
HEAVY = ["torch", "pandas", "polars", "pyarrow", "duckdb", "sklearn", "scipy", "PIL", "typer", "rich"]


def _loaded_after(code: str) -> set[str]:
    """Names of the heavy libraries that a fresh interpreter has loaded after `code`."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_names_are_sorted_and_unique():
    assert list(gansmith.__all__) == sorted(set(gansmith.__all__))


def test_every_name_is_there():
    for name in gansmith.__all__:
        assert getattr(gansmith, name) is not None, name


def test_every_name_is_listed_by_dir():
    assert set(gansmith.__all__) <= set(dir(gansmith))


def test_an_unknown_name_is_an_attribute_error():
    misspelt = "Syntesizer"
    with pytest.raises(AttributeError, match=misspelt):
        getattr(gansmith, misspelt)


def test_importing_the_package_loads_nothing_heavy():
    assert _loaded_after("import gansmith") == set()


def test_the_check_for_heavy_libraries_can_fail():
    assert "PIL" in _loaded_after("import PIL")
