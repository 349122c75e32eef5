"""Text is found in files, folders, columns and memory; what is no text is refused with a word on the cure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.registry import recognise
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text import reading as reading_module
from gansmith.modalities.text.reading import looks_like_text, read_texts


def _written(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def test_lines_and_paragraphs_are_told_apart(tmp_path):
    lines = _written(tmp_path / "a.txt", "one\ntwo\r\n\nthree\n")
    assert read_texts(lines, TextOptions()).texts == ("one", "two", "three")
    poem = _written(tmp_path / "b.txt", "one\ntwo\n\nthree\nfour\n\n\nfive\n  six\n")
    found = read_texts(poem, TextOptions())
    assert found.texts == ("one\ntwo", "three\nfour", "five\n  six")
    assert found.form.layout == "paragraphs"
    assert len(read_texts(poem, TextOptions(records="lines"))) == 6


def test_a_folder_gives_labels_and_keeps_indentation(tmp_path):
    for name, content in (("a/1.py", "if x:\n    y()\n"), ("a/2.py", "z"), ("b/3.py", "w"), ("b/4.py", "v")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    found = read_texts(tmp_path, TextOptions())
    assert found.texts[0] == "if x:\n    y()"
    assert found.attributes.columns["label"].tolist() == ["a", "a", "b", "b"]


def test_a_column_has_labels_beside_it_and_a_person(tmp_path):
    path = _written(tmp_path / "t.csv", "who,kind,note\nme,a,long text\nyou,b,another\nme,a,third text\n")
    found = read_texts(path, TextOptions(person="who"))
    assert found.texts == ("long text", "another", "third text")
    assert found.persons == ("me", "you", "me")
    assert found.attributes.names == ("kind",)
    frame = pd.DataFrame({"note": ["x y", "z"], "kind": ["a", "b"]})
    assert read_texts(frame, TextOptions(text_column="note")).texts == ("x y", "z")


def test_what_looks_like_text_and_what_does_not(tmp_path):
    assert looks_like_text(_written(tmp_path / "a.txt", "Well, hello there\nNice, isn't it?\nIt rains\n"))
    assert not looks_like_text(_written(tmp_path / "b.txt", "age;pay\n3;4\n5;6\n7;8\n"))
    assert not looks_like_text(_written(tmp_path / "c.txt", "1.5\n2.5\n3.5\n"))
    assert recognise(["a", "b"]).kind == "text"
    assert recognise(str(tmp_path / "b.txt")).kind == "table"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "nothing in it"),
        (b"one line\n", "1 line of text"),
        (b"word", "1 line of text"),
        (bytes(range(256)) * 40, "binary"),
        (b"a\0b\n" * 5_000, "binary"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, word):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=word):
        read_texts(path, TextOptions())


def test_typing_errors_name_the_nearest(tmp_path):
    path = _written(tmp_path / "t.csv", "kind,note\na,long text\nb,another\n")
    with pytest.raises(UsageError, match="note"):
        read_texts(path, TextOptions(text_column="nots"))
    with pytest.raises(UsageError, match="kind"):
        read_texts(path, TextOptions(person="kin"))
    with pytest.raises(DataError, match=r"t\.csv"):
        read_texts(tmp_path / "s.csv", TextOptions())
    with pytest.raises(UsageError, match="emails"):
        TextOptions(leave=("emial",))


def test_other_alphabets_and_marks(tmp_path):
    cyrillic = "Привет, как дела сегодня\nСпасибо, очень хорошо вам\n" * 5  # noqa: RUF001
    path = _written(tmp_path / "c.txt", cyrillic, "cp1251")
    found = read_texts(path, TextOptions())
    assert found.texts[0] == "Привет, как дела сегодня"
    assert any("cp1251" in note for note in found.notes)
    arabic = _written(tmp_path / "d.txt", "\ufeffمرحبا بالعالم\ne\u0301te\u0301\n👍🏽\n", "utf-8")  # noqa: RUF001
    assert read_texts(arabic, TextOptions()).texts == ("مرحبا بالعالم", "été", "👍🏽")


def test_endless_lines_are_cut_and_large_files_drawn_from(tmp_path, monkeypatch):
    path = _written(tmp_path / "long.txt", "word " * 20_000 + "\nshort\n")
    found = read_texts(path, TextOptions())
    assert max(map(len, found.texts)) <= 20_000
    assert sum(one.count("word") for one in found.texts) == 20_000
    monkeypatch.setattr(reading_module, "MOST_BYTES", 20_000)
    many = _written(tmp_path / "many.txt", "".join(f"line {k} of many\n" for k in range(4_000)))
    found = read_texts(many, TextOptions())
    assert 600 < len(found) < 2_000
    assert any("by chance" in note for note in found.notes)


def test_an_array_of_texts_is_text():
    assert read_texts(np.array(["a b", "c"]), TextOptions()).texts == ("a b", "c")
