"""Tables, series and databases share `tabular`, and none of them needs another: a stub of a kind shows it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = Path("src/gansmith/modalities/meter")

READINGS = '''
    """Readings of a meter as rows of columns."""

    from __future__ import annotations

    import numpy as np
    import pyarrow as pa
    import torch

    from gansmith.engine.games.adversarial import AdversarialRules
    from gansmith.engine.randomness import Randomness
    from gansmith.tabular.files import read_table
    from gansmith.tabular.layout import Layout
    from gansmith.tabular.networks import TableNetworks, networks_for
    from gansmith.tabular.rows import RowCodec


    def made(readings: pa.Table, n: int) -> pa.Table:
        """Rows of an untrained generator, spelt and typed as the readings are."""
        rows = RowCodec.fit(read_table(readings), 1, 0)
        layout, rules = Layout.of(rows), AdversarialRules(batch_size=8, n_latents=4)
        networks = networks_for(layout, TableNetworks((8,), (8,)), rules)
        with torch.no_grad():
            samples = networks["generator"](rules.latents(n, Randomness(0).stream("samples"), 0), None)
        codes, levels = layout.parts(layout.compact(samples))
        return rows.decode(codes, levels, np.random.default_rng(0))
'''
USE = """
    import sys
    import pyarrow as pa
    from gansmith.modalities.meter.readings import made

    times = pa.array([k * 3_600_000_000 for k in range(200)]).cast(pa.timestamp("us"))
    found = made(pa.table({"time": times, "load": [k % 24 * 1.5 for k in range(200)]}), 20)
    assert found.num_rows == 20 and found.schema.field("time").type == pa.timestamp("us"), found.schema
    others = [name for name in sys.modules if name.startswith("gansmith.modalities.table")]
    assert not others, others
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A copy of the sources, with a kind of data more."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    rule = '"gansmith.modalities.series.** -> *",'  # a kind of rows may hold Arrow tables
    contracts = (ROOT / "pyproject.toml").read_text("utf-8")
    assert rule in contracts
    (root / "pyproject.toml").write_text(
        contracts.replace(rule, rule + rule.replace("series", "meter")), "utf-8"
    )
    (root / PACKAGE).mkdir()
    (root / PACKAGE / "__init__.py").write_text('"""Readings of a meter."""\n', "utf-8")
    _write(root, READINGS)
    return root


def _write(root: Path, text: str) -> None:
    (root / PACKAGE / "readings.py").write_text(dedent(text), "utf-8")


def _run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    beside = {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=root, env=os.environ | beside, capture_output=True, text=True)


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    return _run(root, sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()")


def test_a_kind_of_rows_needs_no_other_kind(house):
    found = _run(house, sys.executable, "-c", dedent(USE))
    assert found.returncode == 0, found.stderr


def test_the_contracts_allow_it_and_no_shortcut_through_tables(house):
    found = _lint(house)
    assert found.returncode == 0, found.stdout + found.stderr
    _write(house, READINGS + "\n    from gansmith.modalities.table.codec import TableCodec\n")
    found = _lint(house)
    _write(house, READINGS)
    assert found.returncode == 1
    assert "gansmith.modalities.meter.readings -> gansmith.modalities.table.codec" in found.stdout
