"""Text learnt with a time budget: how real it is, how various, how useful, what it copies.

    python -m bench text NAME ... [--budget 8m] [--seed 0] [--methods ours game trigrams shuffled hold-out]

Of each data set a tenth is held out (image_coco has a test file of its own). Each method makes as many texts
as are held out, 2,000 at most: ours, by likelihood; game, the same and RelGAN's game after it; a trigram
model; shuffled words; and real texts that were not looked at otherwise. `oracle` is SeqGAN's protocol with a
network of our own as the truth: how likely it finds what was made, and how likely a model finds what it
makes.

"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from bench.machine import machine
from bench.picture_sets import data_folder
from bench.text_oracle import oracle_rows
from gansmith.disclosure import usual_min_count
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.dataset import Whole
from gansmith.modalities.text.judging import PASSAGE_WORDS
from gansmith.modalities.text.measures import macro_f1
from gansmith.modalities.text.ngrams import NgramModel, bleu, self_bleu, shuffled_texts, trigram_texts
from gansmith.modalities.text.reading import read_texts
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.statistics import Copies, SmallNetwork, hashed, linear
from gansmith.modalities.text.telling import told_by_ngrams
from gansmith.tasks.synthesize import Synthesizer

SETS: Final = {
    "names": "names/names.txt",
    "sms_spam": "sms_spam/sms_spam.csv",
    "image_coco": "image_coco/image_coco.txt",
    "tinyshakespeare": "tinyshakespeare/input.txt",
}
NAMES: Final = (*SETS, "oracle", "code")
METHODS: Final = ("ours", "game", "trigrams", "shuffled", "hold-out")
HELD_OUT: Final = 0.1
MOST: Final = 2_000
N_REFERENCES: Final = 5_000


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench text ...` does."""
    made = argparse.ArgumentParser(
        prog="python -m bench text", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    made.add_argument("--budget", default="8m", help="time to learn, of each model")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--methods", nargs="+", choices=METHODS, default=["ours", *METHODS[2:]])
    made.add_argument("--model", default="", help="a model file to be measured as ours")
    made.add_argument("--temperature", type=float, default=0.0)
    made.add_argument(
        "--steps", type=int, nargs=2, default=(1200, 300), help="of the oracle: likelihood, game"
    )
    options = made.parse_args(arguments)
    for name in options.names:
        print(f"--- {name}, {machine()}", flush=True)
        if name == "oracle":
            print(table(oracle_rows(*options.steps, options.seed)), flush=True)
        else:
            measured(name, options)


def parts_of(name: str, seed: int) -> tuple[Texts, Texts, Texts]:
    """What is learnt from, what is judged against, and other real texts."""
    if name == "code":
        whole = read_texts(Path(__file__).parents[1] / "src", TextOptions(records="paragraphs"))
    else:
        column = "text" if name == "sms_spam" else ""
        whole = read_texts(data_folder() / SETS[name], TextOptions(text_column=column))
    order = np.random.default_rng(seed).permutation(len(whole))
    if name == "image_coco":
        test = read_texts(data_folder() / "image_coco/test_coco.txt", TextOptions())
        halves = np.array_split(np.random.default_rng(seed).permutation(len(test)), 2)
        return whole, test.take(halves[0]), test.take(halves[1])
    n = int(HELD_OUT * len(whole))
    return whole.take(order[2 * n :]), whole.take(order[:n]), whole.take(order[n : 2 * n])


def measured(name: str, options: argparse.Namespace) -> None:
    """One data set, all methods."""
    train, test, fresh = parts_of(name, options.seed)
    print(f"{name}: {len(train):,} texts to learn from, {len(test):,} held out", flush=True)
    rows: dict[str, dict[str, float]] = {}
    for method in options.methods:
        began = time.process_time(), time.time()
        texts, more = made_by(method, train, test, fresh, options)
        spent = time.process_time() - began[0], time.time() - began[1]
        rows[method] = {**figures(texts, train, test, options.seed), **more}
        rows[method] |= {"CPU s": spent[0], "s": spent[1]}
        print(table(rows), flush=True)
        print("\n".join(repr(one)[:160] for one in texts.texts[:8]), flush=True)
    print(json.dumps(rows))


def made_by(
    method: str, train: Texts, test: Texts, fresh: Texts, options: argparse.Namespace
) -> tuple[Texts, Mapping[str, float]]:
    """As many texts as are held out, and what else is known of a method."""
    n = min(len(test), MOST)
    if method == "hold-out":
        return fresh.take(np.arange(min(n, len(fresh)))), {}
    if method == "shuffled":
        return shuffled_texts(train, options.seed).take(np.arange(n)), {}
    if method == "trigrams":
        return trigram_texts(train, n, options.seed), {}
    if method == "ours" and options.model:
        from gansmith.tasks.model import load_model

        model = load_model(Path(options.model))
    else:
        learner = Synthesizer(kind="text", budget=options.budget, seed=options.seed, verbose=False)
        model = learner.fit(train, **({"adversarial": True} if method == "game" else {})).model_
    where = [f"temperature={options.temperature}"] if options.temperature else None
    network: Any = model.networks["generator"]
    found = {"bits of ours a held-out character": bits_a_character(model, test)}
    found |= {"temperature": options.temperature or float(network.temperature)}
    return model.sample(n, seed=options.seed + 1, where=where), found


@torch.no_grad()
def bits_a_character(model: Any, texts: Texts) -> float:
    """What held-out text takes by a model, its ends counted; unknown characters are not counted."""
    whole, found, n = Whole(model.codec, texts), 0.0, 0
    for first in range(0, len(texts), 128):
        batch = whole.batch(torch.arange(first, min(first + 128, len(texts))))
        said, counts = model.networks["generator"].of_each(batch.parts, None)
        found -= float((said.double() * counts).sum())
    n = sum(len(one) + 1 for one in texts.texts)
    return found / n / np.log(2)


def figures(texts: Texts, train: Texts, test: Texts, seed: int) -> dict[str, float]:
    """What is measured of texts."""
    n = min(len(texts), len(test), MOST)
    auc, error = told_by_ngrams(texts.texts, test.texts, n, 5, seed, linear)
    network, _ = told_by_ngrams(texts.texts, test.texts, n, 3, seed, SmallNetwork)
    copies = Copies(train)
    rare = copies.rare(PASSAGE_WORDS, usual_min_count(len(train)))
    longest = copies.longest(texts.texts)
    quality = bleu(texts.texts[:500], test.texts[:N_REFERENCES], (2, 3, 4, 5)).mean(0)
    again = self_bleu(texts.texts[:500], (2, 4)).mean(0)
    forth = NgramModel(test.texts[:1_500]).bits_a_character(texts.texts[:500]).mean()
    back = NgramModel(texts.texts[:1_500]).bits_a_character(test.texts[:500]).mean()
    known = set(train.texts)
    found = {
        "AUC by n-grams": auc,
        "its error": error,
        "AUC by a network": network,
        **{f"BLEU-{order}": value for order, value in zip((2, 3, 4, 5), quality.tolist(), strict=True)},
        **{f"self-BLEU-{order}": value for order, value in zip((2, 4), again.tolist(), strict=True)},
        "bits forth": float(forth),
        "bits back": float(back),
        "copied, %": 100 * float(np.mean([one in known for one in texts.texts])),
        "longest passage, words": float(longest.max(initial=0)),
        "with a rare passage, %": 100 * float(copies.have(texts.texts, rare, PASSAGE_WORDS).mean()),
        "characters": float(np.mean([*map(len, texts.texts)])),
    }
    if "type" in test.attributes.names:
        said = linear(seed).fit(hashed(texts.texts), texts.attributes.columns["type"].astype(str))
        found["F1 of labels"] = macro_f1(
            test.attributes.columns["type"].astype(str), said.predict(hashed(test.texts))
        )
    return found


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """A column for each method."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = ["| " + " | ".join(["", *rows]) + " |", "|---" * (len(rows) + 1) + "|"]
    for name in names:
        cells = ["" if name not in row else f"{row[name]:.4g}" for row in rows.values()]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)
