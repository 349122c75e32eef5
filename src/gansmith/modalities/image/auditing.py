"""What is wrong with pictures before anything is learnt from them: too few, copies, classes of a few."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import Final

from gansmith.disclosure import usual_min_count
from gansmith.findings import Finding, copies, few_records, rare_classes, worst_first
from gansmith.modalities.attribute_labels import LABEL
from gansmith.modalities.image.pictures import InMemory, Pictures

MAX_CLASSES: Final = 50
"""Different labels at most that are classes, and no names."""


def audit(pictures: Pictures) -> tuple[Finding, ...]:
    """What is to be known of pictures before they are learnt from, the worst first.

    Copies are looked for where all pictures are in memory.
    """
    cure = "More pictures help most; until then a short run with --budget shows what is possible."
    again = "Drop the copies: those of held-out pictures make every score look too good."
    found = [
        *copies(_n_again(pictures), len(pictures), "pictures", again),
        *rare_classes(_classes(pictures), LABEL, usual_min_count(len(pictures)), "pictures"),
        *few_records(len(pictures), "pictures", cure),
    ]
    return worst_first(found)


def _n_again(pictures: Pictures) -> int:
    """How many pictures are an earlier one once more, byte for byte; 0 where they lie on disk."""
    if not isinstance(pictures.source, InMemory):
        return 0
    pixels = pictures.source.pixels
    seen = {blake2b(pixels[number].tobytes(), digest_size=16).digest() for number in pictures.numbers}
    return len(pictures) - len(seen)


def _classes(pictures: Pictures) -> dict[str, int]:
    """Pictures of each class, where labels are classes."""
    labels = pictures.labels
    if labels is None or labels.dtype != object:
        return {}
    counts = Counter(str(text) for text in labels.tolist() if text is not None)
    return dict(counts) if len(counts) <= MAX_CLASSES else {}
