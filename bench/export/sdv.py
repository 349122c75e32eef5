"""The export learnt by SDV (Business Source License), its metadata corrected by hand in its favour.

    PEERS_PYTHON -m bench.export.sdv gaussian_copula|ctgan REAL.csv MADE.csv [--epochs 300] [--seed 0]

What it is given: the kind of every column, a regular expression or a Faker provider, with its arguments, for
all that names one record, fixed combinations wherever one column decides another (moments of orders with all
that follows from them among them), inequalities, the cardinality of the key. What is put together of values
that records share (`103/81`, `12A`, JSON) is a category, so that each of its cells is one of the real ones.
Its regular expressions know no alternatives: where there are several patterns it is given the most frequent
that passes. It is given no code: a programmable constraint would be the validator's own.
"""

from __future__ import annotations

import argparse
import random
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

TABLE: Final = "export"
DATES: Final = {
    "ship_date": "%m/%d/%Y",
    "delivered_on": "%Y-%m-%d",
    "date_of_birth": "%Y-%m-%d",
}
NUMBERS: Final = {"total": 2, "temperature": 1}
"""Decimals of each; what else looks like a number has few values, or is decided by others."""
REGEX: Final = {
    "order_id": r"ORD-2024-\d{6}",
    "customer_id": r"C1[01]\d{3}",
    "invoice_file": r"invoice_2024-0[1-9]-1\d_0[0-3]\d\d\.pdf",
    "shade": "#[0-9a-f]{6}",
    "user_name": r"[a-z]{7}\d\d",
    "email": r"[a-z]{5}\.[a-z]{6}@example\.com",
    "phone": r"\+49 151 \d{7}",
    "passport": "[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}",
    "iban": r"DE\d\d10050000\d{10}",
    "card": r"4\d{3} \d{4} \d{4} \d{4}",
    "geo": r"5[0-3]\.\d{4},1[0-3]\.\d{4}",
    "street": r"[A-Z][a-z][a-z]enweg [1-9]\d",
    "plate": r"B-[A-Z][A-Z] [1-9]\d{3}",
    "mac": "fd:af:e5:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]",
    "ip": r"10\.0\.[0-7]\.[1-9]\d",
    "serial": r"SN[45]\d[ABC]\d{4}",
    "sha256": "[0-9a-f]{64}",
    "ticket": r"[1-3]\d{5}",
}
FAKER: Final = {
    "full_name": ("person", "name", {}),
    "event_id": ("misc", "uuid4", {}),
    "ean": ("barcode", "ean13", {"prefixes": ("40", "42", "76")}),
    "note": ("lorem", "sentence", {"nb_words": 7}),
}
NOT_GERMAN: Final = ("note",)
KEYS: Final = {"customer_id": "scale", "ip": None, "street": None}
"""How often values of a regular expression come again; those of others never do."""
TOGETHER: Final = (
    ("ordered_at", "order_date", "order_time", "order_month", "weekday", "export_path"),
    ("is_paid", "paid_on"),
    ("product", "product_no", "vat", "product_url"),
    ("title", "first_name"),
    ("age", "age_band"),
    ("locale", "currency"),
    ("post_code", "city", "state"),
    ("c1", "c2"),
)
GAPS: Final = {"delivered_on": "", "passport": "n/a", "temperature": "-", "note": "NA"}
"""Spellings of the missing cells of columns that are no categories; in those they are one of the values."""


def given(path: Path) -> pd.DataFrame:
    """The table as SDV takes it."""
    data = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name, spelt in GAPS.items():
        data[name] = data[name].where(data[name] != spelt)
    for name in NUMBERS:
        data[name] = data[name].astype(float)
    return data


def metadata(data: pd.DataFrame) -> Any:
    from sdv.metadata import Metadata

    columns: dict[str, dict[str, Any]] = {name: {"sdtype": "categorical"} for name in data}
    columns |= {name: {"sdtype": "numerical"} for name in NUMBERS}
    columns |= {name: {"sdtype": "datetime", "datetime_format": form} for name, form in DATES.items()}
    columns |= {name: {"sdtype": "id", "regex_format": regex} for name, regex in REGEX.items()}
    columns |= {name: {"sdtype": function, "pii": True} for name, (_, function, _) in FAKER.items()}
    return Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}, "relationships": []})


def synthesizer(kind: str, data: pd.DataFrame, epochs: int) -> Any:
    from rdt.transformers import AnonymizedFaker, RegexGenerator
    from sdv.cag import FixedCombinations, Inequality
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer

    if kind == "ctgan":
        made = CTGANSynthesizer(metadata(data), locales=["de_DE"], epochs=epochs, enable_gpu=False)
    else:
        made = GaussianCopulaSynthesizer(metadata(data), locales=["de_DE"])
    together = [FixedCombinations(list(names)) for names in TOGETHER]
    made.add_constraints([*together, Inequality("ship_date", "delivered_on", strict_boundaries=True)])
    made.auto_assign_transformers({TABLE: data})
    changed: dict[str, Any] = {
        name: RegexGenerator(regex, KEYS.get(name, "unique"), generation_order="scrambled")
        for name, regex in REGEX.items()
    }
    changed |= {
        name: AnonymizedFaker(provider, function, options, ["en_US" if name in NOT_GERMAN else "de_DE"])
        for name, (provider, function, options) in FAKER.items()
    }
    made.update_transformers(changed)
    return made


def spelt(made: pd.DataFrame) -> pd.DataFrame:
    """Numbers and gaps as the export spells them."""
    made = made.copy()
    for name, decimals in NUMBERS.items():
        made[name] = made[name].map(lambda value, n=decimals: f"{value:.{n}f}", na_action="ignore")
    return made.fillna(GAPS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.export.sdv")
    parser.add_argument("kind", choices=("gaussian_copula", "ctgan"))
    parser.add_argument("real", type=Path)
    parser.add_argument("made", type=Path)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import torch

    warnings.filterwarnings("ignore")
    random.seed(options.seed)
    np.random.seed(options.seed)  # noqa: NPY002
    torch.manual_seed(options.seed)
    data = given(options.real)
    model = synthesizer(options.kind, data, options.epochs)
    model.fit({TABLE: data})
    spelt(model.sample(num_rows=len(data))[TABLE])[list(data)].to_csv(options.made, index=False)


if __name__ == "__main__":
    main()
