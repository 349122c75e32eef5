"""Whatever is wrong with the input: a clear error, the right exit code, and nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import re

import numpy as np
import pytest

from gansmith import store
from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1"]
GOOD = "age,city\n" + "".join(f"{20 + k % 40},{'Rome' if k % 3 else 'Oslo'}\n" for k in range(60))


@pytest.fixture
def place(tmp_path):
    """A folder with a table that is good."""
    (tmp_path / "good.csv").write_text(GOOD)
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "good.csv").write_text(GOOD)
    assert (
        run(["fit", str(folder / "good.csv"), "-o", str(folder / "m.gan"), "--samples-seen", "300", *SMALL])
        == 0
    )
    return (folder / "m.gan").read_bytes()


def _fit(place, *options, data="good.csv", n=300):
    return ["fit", place / data, "-o", place / "m.gan", "--samples-seen", n, *SMALL, *options]


def _resume(place, *options):
    return ["fit", place / "good.csv", "-o", place / "m.gan", "--resume", *options]


# --- Data that cannot be learnt from ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, ["bad.csv"]),
        ("", ["empty"]),
        ("age,city\n", ["no records"]),
        ("age,city\n30,Rome\n", ["single record"]),
        ("age,age\n" + "30,40\n" * 9, ["'age'"]),
        ("age,city\n30,Rome\n31,Oslo,x\n" + "30,Rome\n" * 9, ["3"]),
        ("age,city\n30,Rome\n31\n" + "30,Rome\n" * 9, ["3"]),
        ("age,pay\n" + "30,2.5\n" * 9 + "31,inf\n", ["'pay'", "record 10", "finite"]),
        ("id,land\n" + "".join(f"{k},here\n" for k in range(40)), ["nothing here can be learnt"]),
        (",city\n30,Rome\n31,Oslo\n", ["no name"]),
    ],
    ids=[
        "missing",
        "empty",
        "header",
        "one row",
        "twice",
        "long row",
        "short row",
        "infinite",
        "nothing",
        "nameless",
    ],
)
def test_bad_data_is_refused(place, content, said, refused):
    if content is not None:
        (place / "bad.csv").write_text(content)
    refused(_fit(place, data="bad.csv"), 3, "DataError", "bad.csv", *said)


def test_a_wrong_encoding_is_refused(place, refused):
    (place / "bad.csv").write_bytes(GOOD.replace("Rome", "Köln").encode("latin-1"))
    refused(_fit(place, "--encoding", "utf-8", data="bad.csv"), 3, "bad.csv", "utf-8")
    refused(_fit(place, "--encoding", "utf-9", data="bad.csv"), 2, "utf-9")


def test_what_is_no_text_is_refused(place, capsys, refused):
    (place / "bad.csv").write_bytes(bytes(range(256)) * 40)
    refused(_fit(place, data="bad.csv"), 3, "bad.csv")


# --- Data that looks odd and can be learnt ------------------------------------------------------------------


def _learnt(place, capsys, content, *options, n=40, samples_seen=300):
    """Records of a model of this text, as lists of cells without the header."""
    (place / "odd.csv").write_text(content)
    assert run([str(argument) for argument in _fit(place, *options, data="odd.csv", n=samples_seen)]) == 0
    capsys.readouterr()
    assert run(["sample", str(place / "m.gan"), "-n", str(n)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == content.split("\n")[0]
    return [line.split(",") for line in lines[1:]]


def test_empty_and_constant_columns_come_back(place, capsys):
    records = _learnt(
        place, capsys, "a,nothing,land,zero\n" + "".join(f"{k % 7},NA,here,0.50\n" for k in range(60))
    )
    assert {tuple(record[1:]) for record in records} == {("NA", "here", "0.50")}
    assert len({record[0] for record in records}) > 1


def test_ten_thousand_categories_are_learnt(place, capsys):
    rng = np.random.default_rng(0)
    names = rng.permutation(np.repeat(np.arange(10_000), 3))
    content = "name,x\n" + "".join(f"n{name},{name % 5}\n" for name in names)
    records = _learnt(place, capsys, content, "--min-count", "3", n=500)
    assert all(re.fullmatch(r"n\d{1,4}", name) for name, _ in records)
    assert len({name for name, _ in records}) > 50


def test_what_one_record_alone_has_never_comes_out(place, capsys, refused):
    content = "city,pay\n" + "".join(f"{'Rome' if k % 2 else 'Bern'},{k % 9}\n" for k in range(60))
    (place / "odd.csv").write_text(content + "Atlantis,777\n")
    assert run([str(argument) for argument in _fit(place, data="odd.csv")]) == 0
    said = capsys.readouterr().err
    assert "1 category of 'city' (1 cell) and" in said
    assert run(["sample", str(place / "m.gan"), "-n", "300"]) == 0
    assert "Atlantis" not in (fakes := capsys.readouterr().out)
    assert "777" not in fakes
    assert b"Atlantis" not in (place / "m.gan").read_bytes()
    for what in ("m.gan", "odd.csv"):
        assert run(["show", str(place / what)]) == 0
        assert "1 value of 1 record" in capsys.readouterr().out
    assert run(["show", str(place / "m.gan"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["min_count"] == 2
    assert run([str(each) for each in _fit(place, "--min-count", "1", data="odd.csv")]) == 0
    assert b"Atlantis" in (place / "m.gan").read_bytes()
    refused(
        _fit(place, "--min-count", "-1", data="odd.csv"),
        2,
        "min_count must be 0 or more, not -1",
    )


@pytest.mark.slow
def test_two_thousand_columns_are_learnt(place, capsys):
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 4, (40, 2000)).astype(str)
    text = "\n".join([",".join(f"c{k}" for k in range(2000)), *(",".join(row) for row in cells)]) + "\n"
    records = _learnt(place, capsys, text, n=3, samples_seen=40)
    assert {len(record) for record in records} == {2000}
    assert {cell for record in records for cell in record} <= set("0123")


# --- Questions that are wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "aeg"], ["'aeg'", "Did you mean 'age'?"]),
        (["--kind", "tabel"], ["Did you mean 'table'?"]),
        (["--preset", "smal"], ["Did you mean 'small'?"]),
        (["--objective", "hinje"], ["Did you mean 'hinge'?"]),
        (["--device", "cdua"], ["Did you mean 'cuda'?"]),
        (["--column", "aeg:category"], ["Did you mean 'age'?"]),
        (["--column", "age:categry"], ["Did you mean 'category'?"]),
        (["--column", "age"], ["write NAME:KIND"]),
        (["--where", "ctiy=Rome"], ["Did you mean 'city'?"]),
        (["--where", "city"], ["COLUMN=VALUE"]),
        (["--where", "age>=30", "--where", "age<30"], ["contradict"]),
        (["--where", "city>=Rome"], ["has no order"]),
        (["--where", "age=>30"], ["For a range write age>30"]),
        (["--epochs", "3"], ["each give a length"]),
        (["--samples-seen", "-5"], ["samples_seen must be 0 or more"]),
        (["--threads", "-1"], ["threads must be 0 or more"]),
        (["--config", "nowhere.toml"], ["nowhere.toml"]),
    ],
    ids=lambda value: " ".join(value) if value and str(value[0]).startswith("--") else "",
)  # fmt: skip
def test_wrong_questions_are_refused_with_the_nearest_name(place, options, said, refused):
    refused(_fit(place, *options), 2, *said)


@pytest.mark.parametrize("budget", ["soon", "0m", "-3m", "5 parsecs", "1.2.3s", "nan", "inf"])
def test_a_budget_that_is_no_time_is_refused(place, budget, refused):
    command = ["fit", place / "good.csv", "-o", place / "m.gan", f"--budget={budget}"]
    refused(command, 2, "is not a duration", "1h30m")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sede = 3\n", "Did you mean 'seed'?"),
        ('seed = "x"\n', "run.toml: seed must be a whole number"),
        ("seed = \n", "run.toml"),
        ("epochs = 1\nbudget = '5m'\n", "each give a length"),
    ],
)
def test_a_wrong_config_file_is_refused(place, text, said, refused):
    (place / "run.toml").write_text(text)
    command = ["fit", place / "good.csv", "-o", place / "m.gan", "--config", place / "run.toml"]
    refused(command, 2, said)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{", 3, "schema.json"),
        ("[]", 3, "JSON object"),
        ('{"columns": [{"name": "age", "kind": "integr"}]}', 3, "Did you mean 'integer'?"),
        ('{"columns": [{"name": "age", "kind": "integer"}]}', 3, "'city' is not in the schema"),
    ],
)
def test_a_wrong_schema_is_refused(place, text, code, said, refused):
    (place / "schema.json").write_text(text)
    refused(_fit(place, "--schema", place / "schema.json"), code, said)


def test_no_records_to_learn_from_is_refused(place, refused):
    refused(_fit(place, "--where", "city=Lima"), 3, "0 records have city=Lima")


# --- What must not be written over --------------------------------------------------------------------------


def test_fit_does_not_write_over_the_data(place, refused):
    data = place / "good.csv"
    (place / "link.gan").symlink_to(data)
    (place / "data.gan").hardlink_to(data)
    for output in (data, place / ".." / place.name / "good.csv", place / "link.gan", place / "data.gan"):
        refused(["fit", data, "-o", output, "--samples-seen", 300, *SMALL], 2, "is an input file")


def test_fit_does_not_write_over_what_is_no_model(place, refused):
    (place / "thesis.txt").write_text("years of work")
    command = ["fit", place / "good.csv", "-o", place / "thesis.txt", "--samples-seen", 300, *SMALL]
    refused(command, 2, "does not look like a model", ".gan")


def test_sample_does_not_write_over_the_model(place, model, refused):
    (place / "m.csv").write_bytes(model)
    refused(["sample", place / "m.csv", "-o", place / "m.csv"], 2, "is an input file")


def test_score_does_not_write_over_what_it_scores(place, refused):
    (place / "good.json").write_text("\n".join(f'{{"age": {age}, "city": "Ulm"}}' for age in range(40)))
    data = place / "good.json"
    for synthetic, real in ((data, place / "good.csv"), (place / "good.csv", data)):
        refused(["score", synthetic, "--real", real, "-o", data], 2, "is an input file")


# --- Folders and disks --------------------------------------------------------------------------------------


def test_a_folder_that_is_missing_is_refused_before_learning(place, refused):
    command = ["fit", place / "good.csv", "-o", place / "nowhere" / "m.gan"]
    refused(command, 3, "nowhere", "does not exist")
    refused(["fit", place / "good.csv", "-o", place], 3, "is a folder")


def _full(*given):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_half_written(place, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", _full)
        assert run([str(argument) for argument in _fit(place)]) == 3
    assert "No space left" in capsys.readouterr().err
    assert not (place / "m.gan").exists()
    assert not list(place.rglob("*.part"))


def test_a_disk_that_fills_up_at_the_end_costs_no_learning(place, capsys, monkeypatch):
    from gansmith.tasks.model import Model

    with monkeypatch.context() as patch:
        patch.setattr(
            Model,
            "save",
            lambda self, path, sampling_only=None, is_private=False: (
                sampling_only is None or store.write_whole(place / "none" / path.name, b"")
            ),
        )
        assert run([str(argument) for argument in _fit(place)]) == 3
    assert "could not be written" in capsys.readouterr().err
    assert run([str(argument) for argument in _resume(place)]) == 0
    assert (place / "m.gan").exists()


def test_samples_that_cannot_be_written_leave_nothing(place, capsys, model, listing):
    (place / "m.gan").write_bytes(model)
    for output, said in ((place / "nowhere" / "x.csv", "nowhere"), (place / "x.docx", ".docx")):
        before = listing(place)
        assert run(["sample", str(place / "m.gan"), "-n", "5", "-o", str(output)]) in (2, 3)
        assert said in capsys.readouterr().err
        assert listing(place) == before


# --- Models -------------------------------------------------------------------------------------------------

DAMAGES = {
    "empty": lambda content: b"",
    "text": lambda content: b"age,city\n",
    "truncated": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-30],
    "more at its end": lambda content: content + b"more",
    "a flipped bit in the manifest": lambda content: content[:60] + bytes([content[60] ^ 1]) + content[61:],
    "a flipped bit in the weights": lambda content: (
        content[:-9000] + bytes([content[-9000] ^ 64]) + content[-8999:]
    ),
    "a pickle": lambda content: b"\x80\x04\x95" + content[3:],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", ["sample", "show"])
def test_a_damaged_model_is_refused(place, model, damage, command, refused):
    (place / "m.gan").write_bytes(DAMAGES[damage](model))
    options = ["-n", "5", "-o", place / "x.csv"] if command == "sample" else []
    refused([command, place / "m.gan", *options], 3, "ModelFileError", "m.gan")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("ctiy=Rome", "Did you mean 'city'?"),
        ("city=Rom", "Did you mean 'Rome'?"),
        ("age=old", "'old' is no integer"),
        ("age=900", "The nearest is 58"),
        ("age=", "'' is no integer|no missing cells"),
        ("age", "COLUMN=VALUE"),
        ("age>=900", "nothing is age>=900: it was learnt from"),
        ("age=>30", "For a range write age>30"),
        ("city>Rome", "has no order"),
        ("age>=x", "'x' is no integer"),
    ],
)
def test_asking_for_what_is_not_there_is_refused(place, model, where, said, refused):
    (place / "m.gan").write_bytes(model)
    command = ["sample", place / "m.gan", "-n", "5", "-o", place / "x.csv", "--where", where]
    assert re.search(said.replace("?", r"\?"), refused(command, 2))


def test_a_model_that_is_missing_is_refused(place, refused):
    refused(["sample", place / "no.gan"], 3, "no.gan", "Give the path")
    refused(["show", place / "no.gan"], 3, "no.gan")
    refused(["show", place / "no.csv"], 3, "no.csv")


# --- Scores -------------------------------------------------------------------------------------------------


def test_scoring_what_does_not_fit_together_is_refused(place, refused):
    (place / "other.csv").write_text("years,town\n" + "30,Rome\n31,Oslo\n" * 20)
    command = ["score", place / "other.csv", "--real", place / "good.csv"]
    refused(command, 3, "other.csv", "'age'")
    refused(["score", place / "no.csv", "--real", place / "good.csv"], 3, "no.csv")
    refused(
        ["score", place / "good.csv", "--real", place / "good.csv", "--target", "aeg"],
        2,
        "'age'",
    )
