"""The article's GAN learns handwritten twos; then the default game learns the same, and both are scored.

Two runs of the article's game are played: one on all twos, as the article has it, and one on a part of them,
so that it can be compared with the default game on twos that neither has seen. All on the processor, whatever
else the machine has, so that the seed decides every byte.

Source: Goodfellow et al. 2014, "Generative adversarial networks" (arXiv:1406.2661): *the article*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from gansmith.engine.batches import Batch
from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError
from gansmith.faces.demos.pictures import line_chart, make_folder, picture_grid
from gansmith.modalities.grid_observer import GridObserver
from gansmith.modalities.grid_scoring import targets_of
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.embedding import embedded, keys_of
from gansmith.modalities.image.pictures import BUNDLED_DIGITS, Pictures
from gansmith.modalities.image.reading import read_pictures
from gansmith.modalities.image.scoring import score_pictures
from gansmith.modalities.previews import as_numbers, as_shades
from gansmith.scorecard.features import small_seed
from gansmith.scorecard.score import CEILING, QUICK, Entry, Score, error_of_share
from gansmith.tasks.model import Model
from gansmith.tasks.runs.fit import FitConfig, FitRun, start

DIGIT: Final = "2"
N_JUDGED: Final = 500
"""Generated digits that the discriminator's accuracy is measured on."""
_LINE: Final = "{epoch:5d}{discriminator_loss:21.3f}{generator_loss:17.3f}{accuracy:11.3f}"
_N_DRAWN: Final = 24
_N_GROWING: Final = 12
GROWN: Final = (1, 3, 10, 30, 100)
"""Epochs after which the same latents are drawn."""
_SCORES: Final = ("coverage", "nearer", "copies", "near_copies")
_N_SHOWN: Final = 4

Show = Callable[[str], object]


def run_digits(
    data: Path | None,
    folder: Path,
    seed: int = 0,
    show: Show = print,
    *,
    epochs: int = 100,
    default_samples_seen: int = 0,
) -> dict[str, Any]:
    """Play both games on handwritten twos.

    Args:
        data: Comma-separated text, 64 pixels and a label per line; None takes the digits that ship with
            scikit-learn.
        folder: Made when missing; the models and pictures are written into it.
        seed: Decides every random number, and so every line and every byte that is made.
        show: Called with each piece of text.
        epochs: Of the article's game.
        default_samples_seen: Length of the default game; 0 takes the preset's.

    Returns:
        "epochs", the lines of the article's run; "scores" by name, each of "article", "default" and "real";
        "files", the names of what was written into `folder`.

    Raises:
        DataError: The data is missing or malformed, or the folder cannot be written to.
        UsageError: The data has no label "2", or `epochs` is less than 1.
    """
    if epochs < 1:
        raise UsageError(f"the game needs an epoch at least, not {epochs}.")
    make_folder(folder)
    with n_threads(1):
        digits = read_pictures(BUNDLED_DIGITS if data is None else data, ImageOptions())
        twos = digits.of_label(DIGIT)
        show(f"A handwritten {DIGIT}, one of {len(twos)} in {twos.name}: numbers from 0 to {twos.highest}.\n")
        show(as_numbers(twos.pixels[0]) + "\n")
        show(as_shades(twos.pixels[:_N_SHOWN], twos.highest) + "\n")
        lines, model = _article_game(twos, folder, seed, epochs, show)
        _show_generated(model, twos, folder, seed, show)
        models, parts = _comparison(twos, seed, epochs, default_samples_seen, show)
        scores = _scores(models, parts, digits, seed)
        models["default"].save(folder / "digits-default.gan")
        _draw(models, parts, folder / "digits-side-by-side.png", seed)
    _show_scores(scores, show)
    pictures = [f"digits-{name}.png" for name in ("growing", "losses", "article", "side-by-side")]
    files = ["digits-article.gan", "digits-default.gan", *pictures]
    show(f"\nWritten to {folder}: {', '.join(files)}.")
    return {"epochs": lines, "scores": scores, "files": files}


# --- The article's game on all twos -------------------------------------------------------------------------


def _article_game(
    twos: Pictures, folder: Path, seed: int, epochs: int, show: Show
) -> tuple[list[dict[str, float]], Model]:
    """Play it, with a line every ten epochs, and draw how it went."""
    run = start(twos, FitConfig(kind="image", preset="article", epochs=epochs, seed=seed, device="cpu"))
    show(
        f"The game of Goodfellow's article (2014) on all {len(twos)}: a generator of 20-40-64 units against\n"
        f"a discriminator of 64-32-16-1, both learn from cross-entropy, {epochs} epochs. Losses are means\n"
        f"of the epoch; accuracy is the share of {N_JUDGED} fakes that the discriminator sees through."
    )
    show("epoch   discriminator loss   generator loss   accuracy")
    per_epoch = len(twos) // run.training.game.rules.batch_size
    lines: list[dict[str, float]] = []
    losses: list[dict[str, float]] = []
    grown: dict[int, Pictures] = {}
    for record in run:
        losses.append(dict(record.losses))
        epoch, rest = divmod(record.step, per_epoch)
        if rest:
            continue
        if epoch % 10 == 0 or epoch == epochs:
            lines.append(_line(run, epoch, losses[-per_epoch:]))
            show(_LINE.format_map(lines[-1]))
        if epoch in GROWN or epoch == epochs:
            grown[epoch] = run.model().sample(_N_GROWING, seed)
    model = run.model()
    _draw_growing(grown, losses, per_epoch, twos, folder, {"seed": str(seed)})
    return lines, model


def _draw_growing(
    grown: Mapping[int, Pictures],
    losses: Sequence[Mapping[str, float]],
    per_epoch: int,
    twos: Pictures,
    folder: Path,
    metadata: Mapping[str, str],
) -> None:
    """What the generator makes of the same latents as it learns, and both losses."""
    picture_grid(
        [drawn.pixels for drawn in grown.values()],
        ["after 1 epoch" if epoch == 1 else f"after {epoch} epochs" for epoch in grown],
        folder / "digits-growing.png",
        highest=twos.highest,
        title="Generated twos while the classic game learns",
        metadata=metadata,
    )
    means = {
        name: np.array([one[name] for one in losses]).reshape(-1, per_epoch).mean(1)
        for name in ("discriminator", "generator")
    }
    line_chart(
        means,
        folder / "digits-losses.png",
        title="Losses of the classic game (log 4: a discriminator that can only guess)",
        along="epochs",
        levels={"log 4": float(np.log(4))},
        metadata=metadata,
    )


@torch.no_grad()
def _line(run: FitRun, epoch: int, of_epoch: Sequence[Mapping[str, float]]) -> dict[str, float]:
    game = run.training.game
    stream = Randomness(game.randomness.seed).stream("accuracy")
    fake = game.rules.generate(game.networks, Batch({}, N_JUDGED), stream, epoch)
    is_seen_through = game.networks["discriminator"](fake, None) < 0
    return {
        "epoch": epoch,
        "discriminator_loss": float(np.mean([one["discriminator"] for one in of_epoch])),
        "generator_loss": float(np.mean([one["generator"] for one in of_epoch])),
        "accuracy": is_seen_through.float().mean().item(),
    }


def _show_generated(model: Model, twos: Pictures, folder: Path, seed: int, show: Show) -> None:
    """Generated digits as numbers, as text and as a PNG beside real ones; the model is saved."""
    digest = model.save(folder / "digits-article.gan")
    drawn = model.sample(_N_DRAWN, seed)
    discriminator_scores = ", ".join(f"{score:.2f}" for score in model.realism(drawn)[:_N_SHOWN])
    show("\nGenerated digits, rounded to whole numbers; the first as numbers:\n")
    show(as_numbers(drawn.pixels[0]) + "\n")
    show(as_shades(drawn.pixels[:_N_SHOWN], drawn.highest) + "\n")
    show(f"The discriminator takes them for real with the probabilities {discriminator_scores}.")
    picture_grid(
        [twos.pixels[:_N_DRAWN], drawn.pixels],
        [f"real ({twos.name})", f"generated by the classic game after learning from all {len(twos)}"],
        folder / "digits-article.png",
        highest=twos.highest,
        title="Handwritten twos",
        metadata={"model": digest, "seed": str(seed)},
    )


# --- Both games on a part of the twos -----------------------------------------------------------------------


def _comparison(
    twos: Pictures, seed: int, epochs: int, default_samples_seen: int, show: Show
) -> tuple[dict[str, Model], tuple[Pictures, Pictures]]:
    """Both games, learnt from the same two thirds of the twos; the last third is for scoring alone."""
    order = Randomness(seed).permutation(len(twos), "demo", 0).numpy()
    n_heldout = round(len(twos) / 3)
    holdout, train = twos.take(order[:n_heldout]), twos.take(order[n_heldout:])
    show(
        f"\nNow side by side: both games learn from the same {len(train)} twos and are scored on the "
        f"{n_heldout} that neither has seen."
    )
    configs = {
        "article": FitConfig(kind="image", preset="article", epochs=epochs, seed=seed, device="cpu"),
        "default": FitConfig(kind="image", samples_seen=default_samples_seen, seed=seed, device="cpu"),
    }
    models: dict[str, Model] = {}
    for name, config in configs.items():
        run = start(train, config)
        n_steps, batch_size = run.training.n_steps, run.training.game.rules.batch_size
        show(f"  {name}: {n_steps:,} steps of {batch_size} real digits ...")
        for record in run:
            for finding in record.findings:
                show(f"  {name}: {finding}")
        models[name] = run.model()
    return models, (train, holdout)


def _scores(
    models: Mapping[str, Model], parts: tuple[Pictures, Pictures], digits: Pictures, seed: int
) -> dict[str, dict[str, Any]]:
    """Each score of both games, and of real twos."""
    cards: dict[str, dict[str, Entry]] = {}
    for name, model in models.items():
        fake: Pictures = model.sample(1_000, seed)
        (card,) = score_pictures([fake], *parts, None, small_seed(seed), QUICK)
        entries = [_recognised(fake, digits), *(card[name] for name in _SCORES)]
        cards[name] = {entry.name: entry for entry in entries}
    return {
        name: {
            **{game: card[name].score.to_dict() for game, card in cards.items()},
            "real": entry.anchors[CEILING].to_dict(),
        }
        for name, entry in cards["default"].items()
    }


def _recognised(fake: Pictures, digits: Pictures) -> Entry:
    """Share of pictures that a network takes for twos, beside that of real twos which it has not seen."""
    parts = [
        embedded(part, keys_of(part), targets_of(digits.attributes, digits.attributes))
        for part in (digits, fake)
    ]
    half = np.arange(len(digits)) % 2 == 0
    taught, two = parts[0].take(half), sorted(set(np.asarray(digits.labels).tolist())).index(DIGIT)
    judge = GridObserver().classifier(taught.values, taught.codes, (10,), 0)
    unseen = parts[0].take(~half & (parts[0].codes[:, 0] == two))
    ours, real = (_share(judge(part.values)[0].argmax(axis=1) == two) for part in (parts[1], unseen))
    return Entry("recognised", ours, {CEILING: real})


def _share(is_right: np.ndarray) -> Score:
    n_right, n = int(is_right.sum()), len(is_right)
    return Score(n_right / n, error_of_share(n_right, n), n, "higher")


def _show_scores(scores: Mapping[str, Mapping[str, Any]], show: Show) -> None:
    rows = {
        "recognised": "recognised as a 2 (more is better)",
        "coverage": "coverage of held-out twos (more is better)",
        "nearer": "nearer to training twos (a half is ideal)",
        "copies": "copies of training twos (none is ideal)",
        "near_copies": "near copies of these (as few as of real ones)",
    }
    show(f"\n{'':44}{'classic':>15}{'default':>15}{'real twos':>15}")
    for name, text in rows.items():
        cells = (scores[name][column] for column in ("article", "default", "real"))
        show(f"{text:44}" + "".join(f"{cell['value']:8.3f} ± {cell['error']:.2f}" for cell in cells))


def _draw(models: Mapping[str, Model], parts: tuple[Pictures, Pictures], path: Path, seed: int) -> None:
    train, holdout = parts
    drawn = {name: model.sample(_N_DRAWN, seed) for name, model in models.items()}
    picture_grid(
        [holdout.pixels[:_N_DRAWN], drawn["article"].pixels, drawn["default"].pixels],
        ["real, held out", "generated by the classic game", "generated by the default game"],
        path,
        highest=train.highest,
        title="Handwritten twos, side by side",
        metadata={"seed": str(seed)},
    )
