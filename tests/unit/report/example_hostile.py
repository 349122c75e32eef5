"""A report in which every name tries to be something else than a name."""

from __future__ import annotations

from typing import Any

NASTY = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror="alert(2)">',
    "<b>bold</b> & <a href='javascript:alert(3)'>link</a>",
    "😀 größe — \u202etxet",
    "x" * 300,
    "<!--<script>",
    "{{ 7 * 7 }} %{x} $\\frac{1}{2}$",
    "@real",
    "half a pair \ud800",
    "__proto__",
]


def nasty(report: dict[str, Any]) -> dict[str, Any]:
    """A report with every name and sentence made hostile."""
    report["title"] = report["cards"][0]["name"] = NASTY[0]
    report["made"] = [[name, name] for name in NASTY]
    report["notes"] = list(NASTY)
    report["training"]["series"] = {name: list(range(41)) for name in NASTY[:3]}
    report["training"]["findings"] = list(NASTY)
    card = report["cards"][0]
    plots = card["plots"]
    for index, column in enumerate(plots["columns"]):
        column["name"] = NASTY[index % len(NASTY)] + ("" if index < len(NASTY) else str(index))
        if column["kind"] == "category":
            column["labels"] = [NASTY[place % len(NASTY)] for place in range(len(column["labels"]))]
    plots["columns"][0] |= {
        "kind": "number",
        "edges": [0, 0, 1, 5, 1e9],
        "real": [0.25] * 4,
        "synthetic": [0.25] * 4,
    }
    plots["columns"][0].pop("labels", None)
    for pair in plots["pairs"]:
        pair["columns"] = NASTY[:2]
        pair["x_labels"] = [NASTY[place % len(NASTY)] for place in range(len(pair["x_labels"]))]
    plots["association"]["names"] = [column["name"] for column in plots["columns"]]
    plots["giveaways"] = {"columns": dict.fromkeys(NASTY, 0.1), "pairs": {f"{NASTY[0]} × {NASTY[1]}": 0.2}}
    plots["usefulness"][0]["target"] = NASTY[0]
    plots["groups"] = [row | {"group": NASTY[0], "share_of": NASTY[1]} for row in plots["groups"]]
    plots["risks"] = [
        risk | {"name": name, "caveat": name} for risk, name in zip(plots["risks"], NASTY, strict=False)
    ]
    plots["neighbours"]["columns"] = NASTY[:7]
    plots["neighbours"]["pairs"] = [{"distance": 0.0, "synthetic": NASTY[:7], "real": NASTY[3:10]}]
    for line in card["verdict"]:
        line |= {"question": NASTY[1], "text": NASTY[0], "columns": list(NASTY), "limits": NASTY[2]}
    for score in card["scores"].values():
        score |= {"label": NASTY[0], "meaning": NASTY[1], "source": NASTY[2], "details": {NASTY[1]: 1.0}}
    return report
