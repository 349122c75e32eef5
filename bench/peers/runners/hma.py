"""HMA, the model of several tables in the Synthetic Data Vault (Business Source License), as a user gets it.

python bench/peers/runners/hma.py FOLDER OUT SEED     FOLDER has metadata.json and a CSV file for each table

It refuses more than five tables, and chains of more than two (SDV 2.0).
"""

from __future__ import annotations

import json
import random
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


def main(folder: Path, out: Path, seed: int) -> None:
    """Learn the tables of a folder and write as many rows anew; what it took, or why it did not run."""
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer

    warnings.filterwarnings("ignore")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    plain = json.loads((folder / "metadata.json").read_text())
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in plain["tables"]}
    for name, said in plain["tables"].items():
        for column, how in said["columns"].items():
            if how["sdtype"] == "datetime":
                tables[name][column] = pd.to_datetime(tables[name][column])
    metadata = Metadata.load_from_dict(plain)
    started = time.monotonic()
    synthesizer = HMASynthesizer(metadata, verbose=False)
    synthesizer.fit(tables)
    learnt = time.monotonic()
    made = synthesizer.sample_scale(1.0)
    out.mkdir(parents=True, exist_ok=True)
    for name, table in made.items():
        table.to_csv(out / f"{name}.csv", index=False)
    print(json.dumps({"fit_s": round(learnt - started), "made_s": round(time.monotonic() - learnt)}))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    except Exception as error:  # noqa: BLE001, a failure is a result, too
        print(json.dumps({"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}))
