"""Tables and how they point at each other, drawn: parents above their children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.parts import SMALL_PX, Figure, Group, Section, Table, layout, number_axis

ROW_PX: Final = 74
_WAYS: Final = {"made": "learnt", "kept": "kept", "few": "kept, personal cells anew", "empty": "empty"}
Tables = Sequence[Mapping[str, Any]]
Keys = Sequence[Mapping[str, Any]]


def schema_section(schema: Mapping[str, Any]) -> Section | None:
    """The tables of a database, each below those that it points at.

    Args:
        schema: `tables`, each with `name`, `way`, and rows `real` and `synthetic`; `keys`, each `from` one
            `to` another one `by` columns in a `role`. Empty: there is no section.
    """
    tables, keys = schema.get("tables") or [], schema.get("keys") or []
    if not tables:
        return None
    rows = tuple(
        (
            str(one["name"]),
            _WAYS.get(str(one["way"]), ""),
            f"{one['real']:,}",
            f"{one['synthetic']:,}",
            ", ".join(
                f"{key['by']} → {key['to']} ({key['role']})" for key in keys if key["from"] == one["name"]
            ),
        )
        for one in tables
    )
    table = Table("Tables and keys", ("table", "is", "real rows", "synthetic rows", "points at"), rows)
    return Section(
        "schema",
        "The schema",
        "Each table stands below those that it points at. Keys that rows are made by are drawn firmly, the "
        "others thinly.",
        groups=(Group((_drawn(tables, keys),), "one"),),
        tables=(table,),
    )


def _levels(tables: Tables, keys: Keys) -> dict[str, int]:
    """How deep each table stands: below all that it points at, but for those that lead back to it."""
    level: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...]) -> int:
        if name not in level:
            up = [str(key["to"]) for key in keys if key["from"] == name and key["role"] != "late"]
            found = [depth(one, (*above, name)) for one in up if one not in (*above, name)]
            level[name] = 1 + max(found, default=-1)
        return level[name]

    for one in tables:
        depth(str(one["name"]), ())
    return level


def _places(tables: Tables, keys: Keys) -> dict[str, tuple[float, float]]:
    level = _levels(tables, keys)
    rows: dict[int, list[str]] = {}
    for name, depth in level.items():
        rows.setdefault(depth, []).append(name)
    return {
        name: ((place + 0.5) / len(names), float(-row))
        for row, (_, names) in enumerate(sorted(rows.items()))
        for place, name in enumerate(names)
    }


def _drawn(tables: Tables, keys: Keys) -> Figure:
    places = _places(tables, keys)
    data: list[dict[str, Any]] = []
    for key in keys:
        (x0, y0), (x1, y1) = places[key["to"]], places[key["from"]]
        width = 2 if key["role"] == "driving" else 1
        line = {"color": "@faint", "width": width}
        data.append({"type": "scatter", "mode": "lines", "x": [x0, x1], "y": [y0, y1], "line": line})
    for way, colour in (("made", "@synthetic"), ("kept", "@real"), ("few", "@real"), ("empty", "@faint")):
        own = [one for one in tables if one["way"] == way]
        if own:
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers+text",
                    "x": [places[one["name"]][0] for one in own],
                    "y": [places[one["name"]][1] for one in own],
                    "text": [f"{one['name']} {one['synthetic']:,}" for one in own],
                    "textfont": {"size": SMALL_PX},
                    "marker": {"color": colour, "size": 9},
                }
            )
    depth = -min(y for _, y in places.values())
    across, down = ({**number_axis(), "showticklabels": False, "showline": False} for _ in range(2))
    return Figure(
        "schema",
        f"{len(tables)} tables and {len(keys)} keys; the table below lists them.",
        data,
        layout({**across, "range": [-0.02, 1.02]}, {**down, "range": [-depth - 0.5, 0.7]}),
        int(ROW_PX * (depth + 1)),
    )
