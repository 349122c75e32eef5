"""People in one picture replaced by people who do not exist.

All heads of a picture are cut out before the generator sees anything of it. A head that is nearly all that a
picture shows is a portrait: it is replaced as a whole, wherever in it the face was, so nothing of it is left.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, final

import numpy as np
import torch

from gansmith.engine.adversarial_rules import AdversarialRules
from gansmith.engine.batches import Batch
from gansmith.engine.games import Networks
from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.modalities.attribute_labels import counted
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.heads.codec import HeadCodec
from gansmith.modalities.image.heads.windows import (
    CUT,
    Box,
    Values,
    Window,
    blended,
    grown,
    hole_of,
    in_picture,
    is_portrait,
    scaled,
    seen_in,
    window_of,
)
from gansmith.modalities.image.tones import LUMA
from gansmith.nets.fillers import given_rows

SMALLEST_FACE_PX: Final = 24
"""Sides of a face that is called small: what replaces it shows little."""


@final
class Filled(NamedTuple):
    """A picture that is done."""

    values: Values
    n_people: int
    note: str


@final
class Filler:
    """Replaces people with a finished generator.

    Args:
        codec: Of the heads.
        rules: Of their game.
        networks: Which generate.
        seed: Another seed, other people.
    """

    def __init__(self, codec: HeadCodec, rules: AdversarialRules, networks: Networks, seed: int) -> None:
        self.codec = codec
        self._rules, self._networks, self._seed = rules, networks, seed
        shape = codec.pictures.shape
        self.n_channels, self._sides = shape[0], (shape[1], shape[2])

    def asked(self, attributes: Attributes) -> torch.Tensor:
        """What is kept of pictures, a row for each; what is unknown of one is left open."""
        return self.codec.pictures.attributes.encode(attributes)

    def filled(
        self,
        picture: Values,
        boxes: Sequence[Box],
        people: Sequence[str],
        asked: torch.Tensor | None = None,
        *,
        is_whole_head: bool = False,
    ) -> Filled:
        """A picture with other people in it.

        Args:
            picture: Shape `(1 or 3, height, width)`, from 0 to 1.
            boxes: Around the faces, in pixels; parts of them lie in the picture.
            people: Who each of them is: the same text and seed, the same new face.
            asked: What is kept of each, see `asked`, shape `(1, n_conditions)`; None: nothing is.
            is_whole_head: See `Asked`.
        """
        grid, face = (picture.shape[1], picture.shape[2]), self.codec.face
        hole = hole_of(face, self._sides, is_whole_head=is_whole_head)
        windows = [window_of(box, face, self._sides) for box in boxes]
        is_of_portraits = is_portrait(hole_of(face, self._sides))
        if is_of_portraits:  # hair may reach beyond what the model knows: all of a larger window is new
            windows, hole = [grown(window) for window in windows], np.ones_like(hole)
        cuts = [in_picture(hole, window, grid) for window in windows]
        if len(boxes) == 1 and is_portrait(cuts[0]):
            made = self._made(None, None, people[0], asked)
            whole = _of_channels(scaled(made, grid), len(picture))
            return Filled(whole, 1, "a portrait: replaced as a whole")
        left = picture.copy()
        left[:, np.any(cuts, axis=0)] = CUT
        found = left
        for window, cut, who in zip(windows, cuts, people, strict=True):
            place = None if is_of_portraits else (window, hole)
            made = self._made(found, place, who, asked)
            found = blended(found, _of_channels(made, len(picture)), window, cut)
        n_small = sum(min(box[2] - box[0], box[3] - box[1]) < SMALLEST_FACE_PX for box in boxes)
        note = f"{counted(n_small, 'face')} of less than {SMALLEST_FACE_PX} px" if n_small else ""
        if len(picture) > self.n_channels and np.ptp(picture, axis=0).max() > 0:
            note = "; ".join(filter(None, (note, "the model is of grey heads: they have no colours")))
        return Filled(found, len(boxes), note)

    def _made(
        self,
        left: Values | None,
        place: tuple[Window, np.ndarray] | None,
        who: str,
        asked: torch.Tensor | None,
    ) -> Values:
        """A record with a new head, from what is left of a picture, or from nothing."""
        n_asked = self.codec.pictures.attributes.n_conditions
        row = torch.zeros(1, n_asked) if asked is None else asked
        if left is not None and place is not None:
            window, hole = place
            around = seen_in(_of_channels(left, self.n_channels), window, self._sides)
            cut = torch.from_numpy(hole.astype(np.float32))[None, None]
            row = given_rows(row, cut, torch.from_numpy(around)[None])
        index = int.from_bytes(blake2b(who.encode(), digest_size=4).digest(), "little")
        stream = Randomness(self._seed).stream("people")
        given = Batch({"condition": row, "noise": self._rules.noise(1, stream, index)})
        with torch.no_grad(), n_threads(os.cpu_count() or 1):
            made = self._rules.generate(self._networks, given, stream, index)
        return made[0].float().clamp(0, 1).numpy()


def _of_channels(values: Values, n_channels: int) -> Values:
    if len(values) == n_channels:
        return values
    if n_channels == 3:
        return values.repeat(3, axis=0)
    return np.tensordot(np.array(LUMA, np.float32), values, 1)[None].astype(np.float32)
