from __future__ import annotations

import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gansmith.tabular.columns.dates import find_zoned, read_zoned, spell_zoned
from gansmith.tabular.files import read_table
from gansmith.tabular.files.frames import in_type_of
from gansmith.tabular.files.writing import TableWriter


@pytest.mark.parametrize(
    ("cells", "form", "zone"),
    [
        (["2024-07-01T10:00:00+02:00", "2024-01-01T10:00:00+01:00"], "%Y-%m-%dT%H:%M:%S%:z", "Europe/Berlin"),
        (["2024-07-01 10:00:00-0400", "2024-01-01 10:00:00-0500"], "%Y-%m-%d %H:%M:%S%z", "America/New_York"),
        (["2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00"], "%Y-%m-%dT%H:%M:%S%:z", "Europe/Berlin"),
    ],
)
def test_offsets_that_a_zone_explains_come_back(cells, form, zone):
    assert find_zoned(pa.array(cells)) == (form, zone, "")
    assert spell_zoned(read_zoned(pa.array(cells), form), form, zone).to_pylist() == cells


def test_other_offsets_become_utc_and_are_told():
    cells = pa.array(["2024-07-01 10:00:00 +0200", "2024-01-01 10:00:00 +0530"])
    form, zone, remark = find_zoned(cells)
    assert (zone, "written as UTC" in remark) == ("UTC", True)
    times = read_zoned(cells, form)
    assert times[1].as_py() == datetime.datetime(2024, 1, 1, 4, 30)
    assert spell_zoned(times, form, zone)[1].as_py() == "2024-01-01 04:30:00 +0000"


def test_cells_without_an_offset_are_left_alone():
    assert find_zoned(pa.array(["2024-07-01", "2024-01-01"])) == ("", "", "")
    assert read_zoned(pa.array(["2024-07-01", "x"]), "%Y-%m-%d %H:%M:%S%z").null_count == 2


def test_a_zone_of_parquet_and_pandas_comes_back_even_in_the_doubled_hour(tmp_path):
    times = pd.to_datetime(["2024-10-27 00:30", "2024-10-27 01:30", ""], utc=True).tz_convert("Europe/Paris")
    frame = pd.DataFrame({"at": times, "n": [1, 2, 3]})
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    column = table.schema.column("at")
    assert (column.kind, column.zone) == ("datetime", "Europe/Paris")
    assert table.records["at"][0].as_py() == datetime.datetime(2024, 10, 27, 0, 30)
    with TableWriter(tmp_path / "u.parquet", table.schema) as writer:
        writer.write(table.records)
    assert pq.read_table(tmp_path / "u.parquet")["at"].equals(pq.read_table(tmp_path / "t.parquet")["at"])
    with TableWriter(tmp_path / "u.csv", table.schema) as writer:
        writer.write(table.records)
    assert (tmp_path / "u.csv").read_text().splitlines()[1] == "2024-10-27 02:30:00+02:00,1"
    back = in_type_of(table.records, table.schema, frame)
    pd.testing.assert_series_equal(back["at"], frame["at"])


def test_days_of_a_zone_stay_days():
    days = pd.to_datetime(["2024-03-30", "2024-03-31", "2024-07-01"]).tz_localize("Europe/Paris")
    frame = pd.DataFrame({"day": days, "n": [1, 2, 3]})
    table = read_table(frame)
    assert table.schema.column("day").granularity_seconds == 86400
    pd.testing.assert_series_equal(in_type_of(table.records, table.schema, frame)["day"], frame["day"])


def test_an_unknown_zone_is_refused():
    from gansmith.errors import DataError
    from gansmith.tabular.schema import Column

    with pytest.raises(DataError, match="zone must be a time zone such as Europe/Paris, not 'Europe/Pariss'"):
        Column("x", "datetime", zone="Europe/Pariss")


def test_a_z_among_offsets_is_utc_and_told():
    cells = pa.array(["2024-07-01T10:00:00+02:00", "2024-01-01T10:00:00Z", "2024-01-02T10:00:00+01:00"])
    form, zone, remark = find_zoned(cells)
    assert (form, zone) == ("%Y-%m-%dT%H:%M:%S%:z", "Europe/Berlin")
    assert "(Z)" in remark
    assert spell_zoned(read_zoned(cells, form), form, zone)[1].as_py() == "2024-01-01T11:00:00+01:00"


def test_a_z_everywhere_is_no_offset():
    assert find_zoned(pa.array(["2024-07-01T10:00:00Z", "2024-01-01T10:00:00Z"])) == ("", "", "")
