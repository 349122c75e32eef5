"""What is known of pictures: classes, numbers, several labels of one."""

from __future__ import annotations

import numpy as np

from gansmith.modalities.attribute_labels import by_folder, by_table, like, path_column, summary
from gansmith.modalities.attributes import Attributes

NAMES = ["a/1.png", "a/2.png", "b/3.png", "b/4.png"]


def _known(table, names=NAMES):
    known = by_table(table, names, "labels.csv")
    assert known is not None
    return {name: column.tolist() for name, column in known.attributes.columns.items()}, known.notes


def test_names_with_or_without_folder_and_suffix():
    bare = [[name[2:] for name in NAMES], [name[2:3] for name in NAMES], [name[:3] for name in NAMES]]
    for spelt in (NAMES, ["./a/1.png", "a\\2.png", "b/3.png", "b/4.png"], *bare):
        known, _ = _known({"kind": ["x", "x", "y", "y"], "picture": spelt})
        assert known == {"kind": ["x", "x", "y", "y"]}, spelt
    assert by_table({"kind": ["x", "y"]}, NAMES, "labels.csv") is None
    twice = ["a/1.png", "b/1.png"]
    assert by_table({"name": ["1.png"], "kind": ["x"]}, twice, "labels.csv") is None  # which of the two?
    assert _known({"name": ["b/1.png"], "kind": ["x"]}, twice)[0] == {"kind": [None, "x"]}


def test_several_labels_are_a_yes_and_no_each():
    wanted = {"cat": ["yes", "no", "yes", None], "dog": ["yes", "yes", "no", None]}
    rows = {"file": ["1", "1", "2", "3", "4"], "holds": ["cat", "dog", "dog", "cat", None]}
    assert _known(rows)[0] == wanted
    assert _known({"file": ["1", "2", "3", "4"], "holds": ["cat|dog", "dog", "cat", None]})[0] == wanted
    taken, _ = _known(
        {"file": ["1", "1", "2", "3"], "cat": ["x", "x", "x", "y"], "holds": ["cat", "dog", "dog", "cat"]}
    )
    assert set(taken) == {"cat", "holds cat", "dog"}


def test_numbers_with_many_values_are_numbers():
    names = [f"{number}.png" for number in range(40)]
    ages = [str(number % 20 / 2) for number in range(39)] + [None]
    table = {
        "file": names,
        "age": ages,
        "class": [str(number % 20) for number in range(40)],
        "few": [str(number % 12) for number in range(40)],
        "code": [f"{number % 20:02d}" for number in range(40)],
        "id": [str(number) for number in range(100, 140)],
        "words": [f"a {number} z" for number in range(40)],
        "none": [None] * 40,
    }
    known, notes = _known(table, names)
    assert set(known) == {"age", "class", "few", "code"}
    assert known["class"][:2] == ["0", "1"]
    assert known["age"][:3] == [0, 0.5, 1]
    assert np.isnan(known["age"][39])
    assert known["few"][:2] == ["0", "1"]
    assert known["code"][:2] == ["00", "01"]
    assert [note.split(" ")[0] for note in notes] == ["'id'", "'words'", "'none'"]


def test_folders_of_strange_names():
    assert by_folder(["x/1.png", "x/2.png"]) == {}
    assert by_folder(["1.png", "x/2.png"]) == {"label": [None, "x"]}
    assert by_folder(['d/it\'s "so"/1.png', "d/é猫 /2.png"]) == {"label": ['it\'s "so"', "é猫 "]}
    assert by_folder(["\udcff/1.png", "b/2.png"])["label"] == ["\ufffd", "b"]
    assert by_folder(["d/train/a/1.png", "d/val/b/1.png"]) == {"label": ["a", "b"], "split": ["train", "val"]}
    assert by_folder(["train/1.png", "test/2.png"]) == {"label": ["train", "test"]}


def test_columns_of_paths():
    assert path_column({"a": ["1", "2"], "b": ["x.png", "y.JPG"]}) == "b"
    assert path_column({"a": ["x.png", "2", "3"]}) is None
    assert path_column({}) is None


def test_attributes_in_the_manner_of_others():
    numbers, texts = np.array([1.5, np.nan]), np.array(["1.5", None], dtype=object)
    back = like(Attributes({"a": numbers, "b": texts}), Attributes({"a": texts, "b": numbers}))
    assert back.columns["a"].tolist() == ["1.5", None]
    assert back.columns["b"][0] == 1.5
    assert np.isnan(back.columns["b"][1])
    words = Attributes({"a": np.array(["old"], dtype=object)})
    assert like(words, Attributes({"a": numbers})).columns["a"].tolist() == ["old"]


def test_a_column_in_a_few_words():
    numbers = np.array([3.0, np.nan, 90.0, 3.0, 90.0])
    assert summary(numbers) == ("number", "numbers 3 to 90; unknown of 1 picture")
    assert summary(numbers[:3]) == ("number", "numbers; unknown of 1 picture")
    texts = np.array([str(n) for n in range(20)], dtype=object)
    assert summary(np.concatenate([texts, texts]))[1].startswith("20 classes: 0, 1, 2, 3")
    assert summary(texts) == ("class", "20 classes: 20 rare")
