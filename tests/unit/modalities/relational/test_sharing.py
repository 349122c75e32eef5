"""What only few families share does not come out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gansmith.modalities.relational.sharing import of_many_families
from gansmith.tabular.schema import Column, Schema


def test_a_value_of_one_family_is_too_rare_however_many_rows_have_it():
    families = np.repeat(np.arange(20), 10)
    words = np.where(families == 3, "hers", np.where(families % 2, "odd", "even"))
    schema = Schema((Column("word", "category"),))
    found, kept = of_many_families(pa.table({"word": words}), schema, families, 5, np.random.default_rng(0))
    said = np.array(found["word"].to_pylist())
    assert (said == "hers").sum() == 1
    assert (said[families != 3] == words[families != 3]).all()
    assert kept == schema


def test_texts_that_are_each_familys_own_are_made_anew():
    families = np.repeat(np.arange(20), 10)
    schema = Schema((Column("town", "category"),))
    table = pa.table({"town": [f"town {family}" for family in families]})
    _, kept = of_many_families(table, schema, families, 5, np.random.default_rng(0))
    assert kept.column("town").traits.is_made_anew
