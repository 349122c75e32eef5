"""Reviews of a shop: some are made here by a law, others learnt from them, of a product that is asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith.faces.demos.pictures import make_folder
from gansmith.store import write_whole
from gansmith.tasks.synthesize import Synthesizer

N_REVIEWS: Final = 600
N_MADE: Final = 20
SAMPLES_SEEN: Final = 12_000
PRODUCTS: Final = ("kettle", "lamp", "chair", "radio")
OPENINGS: Final = ("I bought this {0} last week", "My new {0} came on time", "This {0} was a gift")
MIDDLES: Final = {
    "1": ("it broke after a day", "it is far too loud", "nobody answered my letters"),
    "3": ("it does what it should", "it is neither good nor bad", "the colour is not mine"),
    "5": ("it is the best I ever had", "all of us love it", "I would buy it again at once"),
}
ENDINGS: Final = {
    "1": ("Never again.", "What a waste."),
    "3": ("Fine.", "Good enough."),
    "5": ("Great!", "Thank you!"),
}
SIGNED: Final = 0.1
"""Share of the reviews that end with an address."""


def run_text(
    folder: Path, seed: int = 0, show: Callable[[str], object] = print, samples_seen: int = SAMPLES_SEEN
) -> dict[str, Any]:
    """Learn reviews, and make others of a product and a number of stars.

    Args:
        folder: Where the reviews, the new ones and the model go.
        seed: Of the law, of learning and of what is made.
        show: Called with each line of text.
        samples_seen: Length of the training, in rows of tokens.

    Returns:
        The files, which share of the new reviews names the product that was asked for, and how many of the
        learnt addresses came out.

    Raises:
        DataError: The folder cannot be written.
    """
    make_folder(folder)
    rows = written(N_REVIEWS, seed)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([("product", "stars", "review"), *rows])
    write_whole(folder / "reviews.csv", table.getvalue().encode())
    show(f"{N_REVIEWS} reviews are learnt from {folder / 'reviews.csv'}, their products and stars as labels.")
    synthesizer = Synthesizer(
        kind="text", preset="small", samples_seen=samples_seen, seed=seed, verbose=False
    )
    synthesizer.fit(folder / "reviews.csv", text_column="review")
    synthesizer.save(folder / "reviews.gan")
    model, right = synthesizer.model_, list[bool]()
    made = list[tuple[str, str]]()
    for product in PRODUCTS:
        found = model.sample(N_MADE // len(PRODUCTS), seed=seed, where=[f"product={product}", "stars=5"])
        others = [other for other in PRODUCTS if other != product]
        right += [product in one and not any(other in one for other in others) for one in found.texts]
        made += [(product, text) for text in found.texts]
    model.write(folder / "new.csv", N_REVIEWS, seed)
    addresses = {word for *_, text in rows for word in text.split() if "@" in word}
    new = (folder / "new.csv").read_text("utf-8")
    n_leaked = sum(address in new for address in addresses)
    for product, text in made[:: N_MADE // len(PRODUCTS)]:
        show(f"  {product}, 5 stars: {text}")
    show(f"{np.mean(right):.0%} of the reviews asked for name the product that was asked for.")
    show(f"{n_leaked} of {len(addresses)} addresses that were learnt from came out: they are invented anew.")
    show(
        f"Go on with: gansmith sample {folder / 'reviews.gan'} -n 8 -o - --where stars=1 --prompt 'This lamp'"
    )
    return {
        "files": ["reviews.csv", "new.csv", "reviews.gan"],
        "right": float(np.mean(right)),
        "leaked": n_leaked,
    }


def written(n: int, seed: int) -> Sequence[tuple[str, str, str]]:
    """Product, stars and text of so many reviews: what is said goes by the stars."""
    rng = np.random.default_rng(seed)

    def one_of(choices: Sequence[str]) -> str:
        return choices[int(rng.integers(len(choices)))]

    rows = list[tuple[str, str, str]]()
    for number in range(n):
        product, stars = one_of(PRODUCTS), one_of([*MIDDLES])
        text = f"{one_of(OPENINGS).format(product)}, and {one_of(MIDDLES[stars])}. {one_of(ENDINGS[stars])}"
        if rng.random() < SIGNED:
            text += f" Write to customer{number}@mail{number % 7}.net"
        rows.append((product, stars, text))
    return rows
