"""The main job in three lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gansmith.errors import DataError, GansmithWarning
from gansmith.tabular.schema import schema_of
from gansmith.tasks.judging import score
from gansmith.tasks.synthesize import Synthesizer, load

SMALL: dict[str, Any] = {"preset": "small", "samples_seen": 400, "threads": 1}


@pytest.fixture(scope="module")
def fitted(people):
    return Synthesizer(**SMALL).fit(people, "member")


@pytest.mark.parametrize("seed", [-1, pytest.param(2**40, marks=pytest.mark.slow)])
def test_any_whole_number_is_a_seed(people, fitted, seed):
    assert fitted.score(people, n_records=100, seed=seed, quick=True).entries
    assert score(people, people, seed=seed, quick=True).entries


def test_discriminator_scores_of_records_that_alone_would_be_read_as_something_else(people, fitted):
    """One person: every column of theirs is constant."""
    some = people.iloc[[3]]
    assert fitted.discriminator_scores(some) == pytest.approx(
        fitted.discriminator_scores(people)[[3]], abs=0.05
    )


@pytest.mark.slow
def test_a_table_without_a_header_is_learnt_and_scored(people, tmp_path):
    data = tmp_path / "people.csv"
    people.assign(city=people["city"].replace("Rom", "K\xf6ln")).to_csv(
        data, header=False, index=False, encoding="cp1252"
    )
    fitted = Synthesizer(**SMALL).fit(data, has_header=False, encoding="cp1252")
    reading = fitted.model_.manifest["options"]
    assert (reading["has_header"], reading["encoding"]) == (False, "cp1252")
    assert fitted.model_.manifest["data"]["n_records"] == len(people)
    assert "K\xf6ln" in set(fitted.sample(200).iloc[:, 2])
    fitted.save(tmp_path / "people.gan")
    again = load(tmp_path / "people.gan")
    held = fitted.sample(60, seed=1)
    assert again.score(held, real=data, n_records=100, quick=True).entries  # read as it was learnt
    assert score(held, data, has_header=False, encoding="cp1252", quick=True).entries


def test_a_schema_is_a_dictionary_or_a_file(people, tmp_path):
    known = Synthesizer(**SMALL).fit(people, columns={"age": "category"})
    schema = known.model_.codec.state()[0]["schema"]
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"kind": "table", "schema": schema}))
    for given in (schema, path, str(path)):
        learnt = Synthesizer(**SMALL).fit(people, schema=given)
        assert learnt.model_.modality.recipe.describe(learnt.model_.codec)[0]["kind"] == "category"


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 3}'])
def test_a_schema_file_that_holds_none_is_refused(tmp_path, text):
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(DataError, match="JSON"):
        schema_of(path)


def test_what_is_written_says_where_it_came_from(fitted, tmp_path):
    fitted.save(tmp_path / "people.gan")
    with pytest.warns(GansmithWarning, match="city=Oslo: too few"):
        said = fitted.write(tmp_path / "fake.csv", 30, where={"city": "Oslo"}, seed=4)
    assert said == json.loads((tmp_path / "fake.csv.meta.json").read_text())
    assert (said["synthetic"], said["records"], said["seed"], said["where"]) == (
        True,
        30,
        4,
        ["city=Oslo"],
    )
    assert said["model"] == load(tmp_path / "people.gan").model_.digest
    lines = (tmp_path / "fake.csv").read_text().splitlines()
    assert len(lines) == 31
    assert all(",Oslo," in line for line in lines[1:])
