"""What one series has often is not shared."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gansmith.modalities.series.shared import with_shared_values


def test_a_value_that_one_series_has_often_does_not_come_out():
    owners = np.repeat(np.arange(10), 20)
    rent = np.where(owners == 3, 812.37, np.tile([500.0, 600.0], 100))
    shop = np.where(owners < 4, "corner", np.where(np.arange(200) % 50 == 0, "once", "market"))
    records = pa.table({"rent": rent, "shop": shop})
    found = with_shared_values(records, owners, 5, 0)
    assert set(found.column("rent").to_pylist()) == {500.0, 600.0}
    assert "corner" not in found.column("shop").to_pylist()
    assert found.column("rent").to_numpy()[owners != 3].tolist() == rent[owners != 3].tolist()
    assert with_shared_values(records, owners, 1, 0).equals(records)
    assert with_shared_values(records, owners, 4, 0).column("shop").equals(records.column("shop"))
