"""A kind of column is one file and one line: here one of roman numerals, from end to end."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import UsageError
from gansmith.tabular import columns
from gansmith.tasks.model import Model
from gansmith.tasks.opening import open_data
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

FILE = Path(__file__).with_name("roman.py")
SOURCE = Path(columns.__file__).parents[2]
CENTURIES = ("XV", "XVI", "XVII", "XVIII", "XIX", "XX")


@pytest.fixture(scope="module")
def roman():
    """The one line, before the kinds that take any text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FILE.parent)
        known = dict(columns.KINDS)
        place = list(known).index("invented")
        names = [*list(known)[:place], "roman", *list(known)[place:]]
        kinds = {name: known.get(name, "roman:ROMAN") for name in names}
        columns.KINDS.clear()
        columns.KINDS.update(kinds)
        yield
        columns.KINDS.clear()
        columns.KINDS.update(known)


@pytest.fixture(scope="module")
def table(roman, tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    centuries = rng.choice(CENTURIES, 600, p=[0.05, 0.1, 0.15, 0.2, 0.3, 0.2])
    path = tmp_path_factory.mktemp("roman") / "paintings.csv"
    heights = rng.integers(40, 200, 600)
    rows = [f"{century},{height}" for century, height in zip(centuries, heights, strict=True)]
    path.write_text("\n".join(["century,height", *rows]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def model(table) -> Model:
    run = start(open_data(str(table)), FitConfig(preset="small", samples_seen=3000, threads=1))
    list(run)
    return run.model()


def test_it_is_short():
    assert len(FILE.read_text("utf-8").splitlines()) <= 80


def test_it_is_found_and_described(table):
    opened = open_data(str(table))
    assert opened.modality.format.overview(opened.records)[0] == {
        "column": "century", "kind": "roman", "missing": "", "holds": "XV to XX"
    }  # fmt: skip
    assert opened.describe().rows[0]["learnt as"] == "6 distinct values"


def test_it_is_learnt_and_written(model, tmp_path):
    path = tmp_path / "made.csv"
    model.write(path, 200, seed=0)
    header, *rows = path.read_text("utf-8").splitlines()
    assert header == "century,height"
    assert {row.partition(",")[0] for row in rows} <= set(CENTURIES)
    assert model.sample(50, seed=0).records.schema.field("century").type == pa.int16()


def test_it_can_be_asked_for_as_it_is_spelt(model):
    made = model.sample(100, seed=0, where=["century>=XIX"])
    assert set(made.records.column("century").to_pylist()) <= {19, 20}
    with pytest.raises(UsageError, match="column 'century': 'nineteen' is no roman"):
        model.sample(5, seed=0, where=["century=nineteen"])


def test_a_typed_column_is_of_that_kind_where_somebody_says_so(roman):
    opened = open_data(
        pa.table({"chapter": ["I", "II", "IV", "IX"] * 20, "n": range(80)}),
        options={"columns": {"chapter": "roman"}},
    )
    assert opened.modality.format.overview(opened.records)[0]["holds"] == "I to IX"


def test_nobody_asks_a_column_for_its_kind_by_name():
    asking = re.compile(r"\.kind ((==|!=) [\"']|(not )?in \()")
    paths = [*(SOURCE / "tabular").rglob("*.py"), *(SOURCE / "modalities" / "table").rglob("*.py")]
    for path in paths:
        assert [line for line in path.read_text("utf-8").splitlines() if asking.search(line)] == [], path
    assert asking.search('if column.kind == "category":')
    assert asking.search("if column.kind not in ('text', 'invented'):")
