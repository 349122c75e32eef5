"""What is found in tables of steps: whose they are and when, what is constant, what is wrong with them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith.errors import Caution, DataError, UsageError
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.format import SeriesFormat
from gansmith.modalities.series.reading import read_series
from gansmith.modalities.series.records import Form
from gansmith.modalities.series.ticks import times_of
from gansmith.settings import from_plain, to_plain


def read(source, **options):
    return read_series(source, SeriesOptions(**options))


def cautions(series):
    return [note for note in series.notes if isinstance(note, Caution)]


def test_customers_are_found(tmp_path, customers):
    frame = customers()
    frame.to_csv(tmp_path / "buys.csv", index=False)
    series = read(tmp_path / "buys.csv")
    form = series.form
    assert (form.entity, form.time, form.attributes) == ("customer_id", "when", ("city", "born"))
    assert [one.name for one in form.measures] == ["amount", "kind", "shop"]
    assert form.schema.column("customer_id").kind == "identifier"  # as one customer has one
    assert len(series) == 30
    assert series.lengths.tolist() == frame.groupby("customer_id").size().tolist()
    assert series.attributes.num_rows == len(series)
    assert series.attributes.column("city").to_pylist()[:4] == ["Rome", "Oslo", "Bern", "Rome"]
    assert series.notes[-1] == "series of 'customer_id' (30), in time by 'when': irregular, to the second"
    found = {one.check: one for one in SeriesFormat().audit(series, "", SeriesOptions())}
    assert found["constant"].columns == ("shop",)


def test_attributes_need_evidence(hours):
    short = pd.DataFrame({"user": np.repeat(np.arange(12), 2), "rare": [1, 1] + [0] * 22, "t": [1, 2] * 12})
    assert read(short).form.attributes == ()
    assert read(hours()).form.attributes == ()
    assert read(hours()).attributes.num_rows == 1


def test_rows_are_put_in_order(customers, hours):
    frame = customers(8)
    mixed = read(frame.sample(frac=1, random_state=1))
    assert sum("stood after a later one" in note for note in mixed.notes) == 1
    codes = pd.Series(mixed.steps.column("customer_id").to_pylist())
    assert codes.groupby((codes != codes.shift()).cumsum()).ngroups == 8
    whole = pd.DataFrame({name: mixed.steps.column(name).to_pylist() for name in ("customer_id", "when")})
    assert (whole.groupby("customer_id")["when"].diff().dropna() > pd.Timedelta(0)).all()
    newest = read(hours().iloc[::-1])
    assert any("the latest steps stood first" in note for note in newest.notes)
    assert newest.steps.equals(read(hours()).steps)


def test_one_series_may_have_any_time_or_none(hours):
    assert read(hours()).notes[-1] == "one series, in time by 'when': every hour"
    alone = read(hours().drop(columns="when").assign(level=1.5))
    assert (alone.form.time, alone.form.shape, len(alone)) == ("", "single", 1)
    assert "no column says when" in alone.notes[-1]
    assert read(alone.steps.to_pandas().assign(t=np.arange(200) / 50)).form.time == "t"
    counted = hours().drop(columns="when").assign(position=np.arange(200))
    assert read(counted).form.time == "position"
    ended = hours().assign(stop_time=lambda one: one["when"] + pd.Timedelta("5min"))
    assert (
        read(ended[["stop_time", "when", "load"]]).form.time == "stop_time"
    )  # the first of two that do as well
    ended.loc[3, "stop_time"] = pd.NaT
    assert read(ended[["stop_time", "when", "load"]]).form.time == "when"
    engines = pd.DataFrame(
        {"unit": np.repeat([1, 2, 3], 9), "cycle": np.tile(np.arange(9), 3), "s": range(27)}
    )
    found = read(engines).form
    assert (found.entity, found.time) == ("unit", "cycle")
    panel = pd.DataFrame(
        {"land": np.repeat(["Peru", "Mali", "Fiji"], 20), "iso": np.repeat(["PE", "ML", "FJ"], 20),
         "year": np.tile(np.arange(1990, 2010), 3), "gdp": np.arange(60) / 7}
    )  # fmt: skip
    found = read(panel).form
    assert (found.entity, found.time, found.attributes) == ("land", "year", ("iso",))


@pytest.mark.parametrize(
    "names", [("year", "month", "day", "hour"), ("Year", "MO", "DY", "HR"), ("date", "hr")]
)
def test_columns_tell_the_time_together(names, tmp_path, hours):
    frame = hours()
    when = frame.pop("when").dt
    told = {"date": when.strftime("%d.%m.%Y"), "y": when.year, "m": when.month, "d": when.day, "h": when.hour}
    for place, name in enumerate(names):
        frame.insert(place, name, told["date" if name == "date" else name[0].lower()])
    frame.to_csv(tmp_path / "air.csv", index=False)
    series = read(tmp_path / "air.csv")
    assert series.form.time == "time"
    assert tuple(series.form.parts.values()) == names
    assert [one.name for one in series.form.measures] == ["load", "level"]
    assert series.steps.column("time").to_pylist() == pa.array(hours()["when"]).to_pylist()
    with SeriesFormat().writer(tmp_path / "again.csv", series, {}, SeriesOptions()) as writer:
        writer.write(series)
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "air.csv").read_text()
    assert SeriesFormat().read_like(tmp_path / "again.csv", series).steps.equals(series.steps)
    with SeriesFormat().writer(tmp_path / "two.csv", series, {}, SeriesOptions()) as writer:
        writer.write(series.take(np.array([0, 0])))
    assert (tmp_path / "two.csv").read_text().startswith(f"series,{','.join(names)},load")
    two = SeriesFormat().read_like(tmp_path / "two.csv", series)
    assert two.lengths.tolist() == [200, 200]
    assert from_plain(Form, json.loads(json.dumps(to_plain(two.form)))) == two.form


def test_interleaved_series_are_refused(hours):
    two = pd.concat([hours(), hours()]).sort_values("when", ignore_index=True)
    with pytest.raises(
        DataError, match=r"several series stand in one, and no column tells them apart. Add one"
    ):
        read(two)
    place = two.assign(place=["left", "right"] * 200)
    assert read(place).form.entity == "place"
    with pytest.raises(
        DataError, match=r"'place' tells them apart: series are of one column, not of 'floor' and"
    ):
        read(pd.concat([place.assign(floor=1), place.assign(floor=2)]), entity="floor")
    both = pd.concat([place.assign(floor=1), place.assign(floor=2)])
    with pytest.raises(DataError, match=r"not of 'place' and 'floor' together. Join them into one column"):
        read(both)
    with pytest.raises(UsageError, match=r"--entity place,floor: series are of one column"):
        read(both, entity="place,floor")


def test_series_below_each_other_without_a_name_are_doubted(hours):
    below = pd.concat([hours(300), hours(300).assign(when=lambda one: one["when"] + pd.Timedelta("30min"))])
    assert "goes back 1 time, as where several series follow each other" in cautions(read(below))[0]


def test_repeated_times(customers, hours):
    events = customers(10)
    events["when"] = events["when"].dt.normalize()
    series = read(events)
    again = [note for note in series.notes if "the same 'when'" in note]
    assert not cautions(series)
    assert len(again) <= 1
    doubled = hours()
    doubled.loc[100, "when"] = doubled.loc[99, "when"]
    (found,) = cautions(read(doubled))
    assert found.startswith(
        "1 step has the same 'when' as the one before in the series; they stay in the order"
    )


def test_missing_times_and_owners_are_left_out(customers):
    frame = customers(10)
    frame.loc[[3, 4], "when"] = pd.NaT
    frame.loc[7, "customer_id"] = None
    series = read(frame)
    assert series.steps.num_rows == len(frame) - 3
    said = cautions(series)
    assert said[0].startswith("1 row has no 'customer_id' and was left out")
    assert said[1].startswith("2 rows have no 'when' and were left out")
    with pytest.raises(UsageError, match=r"time 'city' is category: wanted dates, moments or numbers"):
        read(pa.table({"city": ["a", "b", "a"], "x": [1, 2, 3]}), time="city", columns={"city": "category"})


def test_times_that_are_none_are_named(tmp_path, hours):
    frame = hours(30).astype({"when": str})
    frame.loc[6, "when"] = "yesterday"
    frame.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(
        DataError, match=r"column 'when', record 7: 'yesterday' is not of the wanted kind datetime"
    ):
        read(tmp_path / "bad.csv", time="when")
    mixed = hours(30).assign(
        when=[f"2020-01-{day + 1:02}T10:00{'+02:00' if day % 2 else ''}" for day in range(30)]
    )
    with pytest.raises(DataError, match=r"column 'when', record"):
        read(mixed, time="when")
    offsets = hours(30).assign(when=[f"2020-01-{day + 1:02}T10:00+0{day % 3}:00" for day in range(30)])
    assert any("its offsets follow no known time zone" in note for note in read(offsets).notes)
    with pytest.raises(UsageError, match=r"no column 'wen'. Did you mean 'when'"):
        read(hours(30), time="wen")
    with pytest.raises(UsageError, match=r"entity and time are both 'level'"):
        read(hours(30), time="level", entity="level")


def test_days_of_a_time_zone_are_local():
    when = pd.date_range("2021-03-20 07:00", "2021-11-10", freq="D", tz="Europe/Berlin")
    series = read(pd.DataFrame({"when": when, "x": np.arange(len(when)) % 5}))
    assert series.form.schema.column("when").zone == "Europe/Berlin"
    assert series.notes[-1].endswith("every day")


def test_few_series_and_single_steps_are_told(customers):
    audit = SeriesFormat().audit
    said = [str(one) for one in audit(read(customers(3)), "", SeriesOptions())]
    assert said[0].startswith("only 3 series: too few to learn what series have in common")
    ones = customers(40).groupby("customer_id").head(1)
    said = [str(one) for one in audit(read(ones, entity="customer_id"), "", SeriesOptions())]
    assert said[0].startswith("40 of 40 series have a single step. Nothing follows anything")
    few = customers(40)
    few = few[(few.groupby("customer_id").cumcount() == 0) | (few["customer_id"] > "C0004")]
    assert (read(few).lengths == 1).sum() == 5


def test_short_series_of_numbers_are_windows():
    values = np.random.default_rng(0).random((300, 24, 2))
    assert read(values).form.window == 24
    assert "--window 0" in " ".join(read(values).notes)
    assert read(values, window=0).form.window == 0
    assert read(values[:100]).form.window == 0
    long = pd.DataFrame({"who": np.repeat(np.arange(300), 24), "x": values[..., 0].reshape(-1)})
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype("datetime64[D]")
    assert read(long.assign(month=np.tile(months, 300)), entity="who", time="month").form.window == 24
    days = np.datetime64("2020-01-01") + np.arange(len(long))
    assert read(long.assign(day=days), entity="who", time="day").form.window == 0
    values[0, 20:] = np.nan  # a shorter one
    assert read(values).form.window == 0


def test_windows_have_room(hours):
    assert read(hours(), window=24).form.window == 24
    with pytest.raises(UsageError, match=r"window 201: the longest series has 200 steps"):
        read(hours(), window=201)
    with pytest.raises(UsageError, match=r"window 1 is a step alone"):
        read(hours(), window=1)


def test_other_data_is_read_in_the_same_way(tmp_path, customers):
    series = read(customers())
    other = customers(5, seed=1)
    like = SeriesFormat().read_like(other.sample(frac=1, random_state=0), series)
    assert len(like) == 5
    assert like.form.attributes == series.form.attributes
    assert like.form.schema.column("customer_id").kind == "identifier"
    with pytest.raises(DataError, match=r"column 'when' of the schema is not in the table"):
        SeriesFormat().read_like(other.drop(columns="when"), series)
    judged = SeriesFormat().read_to_judge(other.drop(columns="kind").assign(more=1), series)
    assert [one.name for one in judged.form.measures] == ["amount", "shop"]
    times = times_of(like.steps.column("when").combine_chunks(), like.form.schema.column("when"))
    assert (np.diff(times)[np.diff(like.owners) == 0] > 0).all()


def test_holding_out(customers, hours):
    kept, held, notes = SeriesFormat().hold_out(read(customers()), None, SeriesOptions(), 0.2, 0)
    assert (len(kept), len(held)) == (24, 6)
    assert not set(kept.entities.to_pylist()) & set(held.entities.to_pylist())
    kept, held, notes = SeriesFormat().hold_out(read(hours()), None, SeriesOptions(), 0.2, 0)
    assert (kept.steps.num_rows, held.steps.num_rows) == (160, 40)
    assert held.steps.column("when")[0].as_py() > kept.steps.column("when")[-1].as_py()
    assert notes == ("The hold-out is the latest 40 of 200 steps.",)
    with pytest.raises(UsageError, match=r"shorter than a window of 48"):
        SeriesFormat().hold_out(read(hours(), window=48), None, SeriesOptions(window=48), 0.2, 0)


def test_series_are_taken_and_cut(customers):
    series = read(customers(6))
    taken = series.take(np.array([4, 1]))
    assert taken.entities.to_pylist() == ["C0004", "C0001"]
    assert taken.lengths.tolist() == series.lengths[[4, 1]].tolist()
    cut = series.cut(np.array([2, 2]), np.array([0, 3]), np.array([2, 5]))
    own = series.take(np.array([2])).steps
    assert cut.steps.equals(pa.concat_tables([own.slice(0, 2), own.slice(3, 2)]).combine_chunks())
    joined = SeriesFormat().join([series.take(np.arange(2)), series.take(np.arange(2, 6))])
    assert SeriesFormat().fingerprint(joined) == SeriesFormat().fingerprint(series)
    assert SeriesFormat().fingerprint(cut) != SeriesFormat().fingerprint(taken)


def test_what_is_of_whole_series_is_understood_by_one_cell_of_each():
    codes = np.repeat([f"{number:05}" for number in range(40)], 30)
    frame = pd.DataFrame(
        {"client": codes, "mail": np.char.add(codes, "@mail.org"), "t": np.tile(np.arange(30), 40)}
    )
    frame["x"] = np.arange(1200) / 7
    series = read(frame)
    assert (series.form.entity, series.form.attributes) == ("client", ("mail",))
    assert series.form.schema.column("client").kind == "identifier"
    assert series.form.schema.column("mail").kind == "invented"
    assert SeriesFormat().returned(series, frame)["client"].tolist() == codes.tolist()
    digits = frame.assign(client=[str(int(code)) for code in codes]).drop(columns="mail")
    series = read(digits)
    assert series.form.schema.column("client").kind == "identifier"
    assert series.steps.schema.field("client").type == series.form.schema.column("client").arrow_type
