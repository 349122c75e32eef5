from __future__ import annotations

import pytest

from gansmith.errors import DataError
from gansmith.tabular.files import read_table
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import Schema, TextStyle

PLAIN = "who;pay;note\r\nJosé;1,50;a\r\nZoë;2,25;\r\n"
QUOTED = '"who","pay","note"\n"José","1.50","a ""b"""\n"Zoë","2.25",""\n'
SOME = '"who","pay","note"\n"José",1.50,"a"\n"Zoë",2.25,\n'


def written(folder, raw: bytes, name: str = "in.csv", to: str = "out.csv", **options) -> bytes:
    """What a file is after it was read and written."""
    (folder / name).write_bytes(raw)
    table = read_table(folder / name, **options)
    with TableWriter(folder / to, table.schema) as writer:
        writer.write(table.records.slice(0, 1))
        writer.write(table.records.slice(1))
    return (folder / to).read_bytes()


@pytest.mark.parametrize("text", [PLAIN, QUOTED, SOME, PLAIN.replace(";", "|"), QUOTED.replace('"', "'")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_file_keeps_its_layout(tmp_path, text, encoding):
    raw = text.encode(encoding)
    assert written(tmp_path, raw) == raw


def test_the_extension_goes_first(tmp_path):
    plain = PLAIN.encode()
    tabs = plain.replace(b";", b"\t")
    assert written(tmp_path, plain, to="out.tsv") == tabs
    assert written(tmp_path, tabs, "in.tsv", "out.tsv") == tabs
    assert written(tmp_path, tabs, "in.tsv", "out.csv").startswith(b'who,pay,note\r\nJos\xc3\xa9,"1,50",a')
    assert written(tmp_path, tabs, "in.txt", "out.txt") == tabs


def test_an_encoding_that_the_user_names_is_kept(tmp_path):
    raw = PLAIN.encode("cp437")
    assert written(tmp_path, raw, encoding="cp437") == raw


def test_a_letter_that_the_encoding_lacks_is_told(tmp_path):
    (tmp_path / "in.csv").write_bytes(PLAIN.encode("cp1252"))
    table = read_table(tmp_path / "in.csv")
    greek = table.records.set_column(0, "who", [["Ω", "Ψ"]])
    with (
        pytest.raises(DataError, match="cp1252 has no 'Ω'"),
        TableWriter(tmp_path / "out.csv", table.schema) as writer,
    ):
        writer.write(greek)


def test_the_schema_keeps_the_style_and_a_person_may_change_it(tmp_path):
    (tmp_path / "in.csv").write_bytes(PLAIN.encode())
    schema = read_table(tmp_path / "in.csv").schema
    assert schema.text == TextStyle(";", '"', "needed", "\r\n", "utf-8")
    again = Schema.from_json(schema.to_json())
    assert again == schema
    changed = Schema.from_json({**schema.to_json(), "text": {"delimiter": "|"}})
    assert read_table(tmp_path / "in.csv", schema=changed).schema.text == TextStyle("|")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "text must be an object, not 'x'"),
        ({"delimiter": "#"}, "text.delimiter '#' is not known. Known: ',', ';'"),
        ({"delimitr": ","}, "Did you mean 'delimiter'"),
        ({"quote": 5}, "text.quote 5 is not known"),
        ({"quoting": "some"}, "'needed'"),
        ({"line_end": "\r"}, "line_end"),
        ({"encoding": "utf-9"}, "no encoding 'utf-9'"),
        ({"encoding": "hex"}, "no encoding 'hex'"),
    ],
)
def test_a_bad_style_is_refused(text, said):
    with pytest.raises(DataError, match=said):
        Schema.from_json({"columns": [{"name": "a", "kind": "text"}], "text": text})
