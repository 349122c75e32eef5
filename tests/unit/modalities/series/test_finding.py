"""Which column says whose step it is: by its name, or as a hint where none is named so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.reading import read_series
from gansmith.tabular.timelines import says_what, says_who


@pytest.mark.parametrize("name", ["Konto", "Kundennummer", "compte_id", "cliente", "Gerät", "capteur"])
def test_names_of_other_languages_say_who(name):
    assert says_who(name) or says_what(name)


def test_a_column_that_may_say_who_is_named():
    rng = np.random.default_rng(0)
    hours = np.datetime64("2024-01-01T00", "s") + 3600 * np.arange(900)
    load = np.cumsum(rng.integers(-2, 3, 900))
    frame = pd.DataFrame({"hour": hours, "load": load, "wind": rng.choice(["N", "S"], 900)})
    plain = read_series(frame, SeriesOptions())
    assert "--entity" not in " ".join(plain.notes)
    named = read_series(frame.assign(till=rng.integers(1, 40, 900)), SeriesOptions(time="hour"))
    assert named.form.entity == ""
    assert "--entity till" in " ".join(named.notes)
