"""A fit that is killed with signal 9 at ten random moments and resumed each time, against one left in peace.

Both must end with the same weights, bit for bit.
"""

from __future__ import annotations

import csv
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.machine import machine
from gansmith.engine.checkpoint import Checkpoints
from gansmith.store.model_file import read_model_file

N_KILLS: Final = 10
N_RECORDS: Final = 2_000
SAMPLES_SEEN: Final = 200_000
NETWORKS: Final = ("generator", "discriminator")


def write_table(path: Path) -> None:
    """A mixed table of fixed content."""
    chance = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "income", "city", "member"])
        for _ in range(N_RECORDS):
            age = chance.randint(18, 90)
            city = chance.choices(["Ulm", "Rom", "Oslo"], [6, 3, 1])[0]
            income = "" if chance.random() < 0.1 else f"{chance.gauss(100 * age, 900):.2f}"
            writer.writerow([age, income, city, chance.random() < 0.4])


def command(folder: Path, name: str, *, resume: bool) -> list[str]:
    """The shell command of one run."""
    how = ["--resume"] if resume else ["--samples-seen", str(SAMPLES_SEEN), "--threads", "1"]
    data, model, run_folder = folder / "people.csv", folder / f"{name}.gan", folder / f"{name}.run"
    fit = [sys.executable, "-m", "gansmith", "fit", str(data), "-o", str(model), "--run", str(run_folder)]
    return [*fit, *how]


def newest_step(folder: Path, name: str) -> int:
    """The step of the newest checkpoint; 0 when there is none."""
    return max([0, *Checkpoints(folder / f"{name}.run" / "checkpoints").steps()])


def killed(arguments: list[str], moment: float, is_running: Any) -> bool:
    """Start, wait until the run goes and `moment` seconds more, kill; False when it ended by itself."""
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not is_running():
            time.sleep(0.01)
        time.sleep(moment)
        if process.poll() is not None:
            return False
        process.kill()
    return True


def digests(path: Path) -> dict[str, str]:
    """sha256 of the weights of both players."""
    file, found = read_model_file(path), dict[str, str]()
    for name in NETWORKS:
        digest = hashlib.sha256()
        for key, value in sorted(file.tensors(f"networks/{name}/").items()):
            digest.update(key.encode() + value.numpy().tobytes())
        found[name] = digest.hexdigest()
    return found


def run(seed: int = 0) -> dict[str, Any]:
    """Both runs, and whether their weights are equal."""
    print(f"Resume after kill -9; {machine()}")
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "people.csv")
        started = time.monotonic()
        subprocess.run(command(folder, "straight", resume=False), check=True, capture_output=True)
        whole = time.monotonic() - started
        print(f"uninterrupted: {whole:.1f} s")
        n_kills = 0
        for attempt in range(N_KILLS):
            arguments = command(folder, "killed", resume=attempt > 0)
            config = folder / "killed.run" / "config.json"
            # A kill may come before the first checkpoint, while data is read or while weights are saved.
            n_kills += killed(arguments, chance.uniform(0, whole / 4), config.exists)
            print(
                f"killed {n_kills} times, newest checkpoint: step {newest_step(folder, 'killed')}", flush=True
            )
        subprocess.run(command(folder, "killed", resume=True), check=True, capture_output=True)
        found = {"straight": digests(folder / "straight.gan"), "killed": digests(folder / "killed.gan")}
    for network in NETWORKS:
        for which, ours in found.items():
            print(f"{which:9} {network:14} {ours[network]}")
    is_equal = found["straight"] == found["killed"]
    print(f"{n_kills} kills; weights are {'equal' if is_equal else 'DIFFERENT'}")
    return {"n_kills": n_kills, "is_equal": is_equal, **found}
