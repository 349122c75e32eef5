"""Figures of known poses, drawn twice: as sticks, and with bodies, hair, shirts and shoes.

Each limb has a colour of its own in each of the two drawings, so that where it is can be measured in what a
network makes: the centre of the pixels that are nearer to that colour than to any other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

SIDE: Final = 64
FINER: Final = 4
"""Drawings are made so many times larger, and reduced."""
LIMBS: Final = ("trunk", "left arm", "right arm", "left leg", "right leg")
STICK_COLOURS: Final = np.array(
    [(255, 255, 255), (255, 60, 60), (60, 255, 60), (80, 110, 255), (255, 220, 40)], np.uint8
)
BODY_COLOURS: Final = np.array(
    [(190, 40, 60), (230, 140, 70), (250, 200, 120), (40, 60, 130), (90, 150, 190)], np.uint8
)
GROUND: Final = ((20, 20, 24), (206, 222, 214))
"""Behind sticks and behind bodies."""
HEAD: Final = (236, 190, 160)
HAIR: Final = (70, 45, 35)
SHOES: Final = (60, 30, 30)
NEAR: Final = 60.0
"""A pixel belongs to a limb whose colour is no further away, in steps of 255."""


def figures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figures as sticks and with bodies, shape `(n, SIDE, SIDE, 3)` each, and poses `(n, n_joints, 2)`."""
    chance = np.random.default_rng(seed)
    poses = np.stack([_pose(chance) for _ in range(n)])
    return np.stack([*map(_sticks, poses)]), np.stack([*map(_body, poses)]), poses


def limbs_of_sticks(picture: np.ndarray) -> np.ndarray:
    """Where each limb of a stick figure is, shape `(n_limbs, 2)`, row and column; NaN where there is none."""
    return _centres(picture, STICK_COLOURS)


def limbs_of_body(picture: np.ndarray) -> np.ndarray:
    """Where each limb of a figure with a body is; see `limbs_of_sticks`."""
    return _centres(picture, BODY_COLOURS)


def _pose(chance: np.random.Generator) -> np.ndarray:
    """Neck, hips, elbows, hands, knees and feet, x and y in pixels."""
    neck = np.array([SIDE / 2, 20]) + chance.uniform(-5, 5, 2)
    hips = neck + np.array([chance.uniform(-4, 4), 18])
    joints = [neck, hips]
    for start, side, lengths, first, second in (
        (neck, -1, (9, 9), (0.2, 1.9), (-0.9, 0.9)),
        (neck, 1, (9, 9), (0.2, 1.9), (-0.9, 0.9)),
        (hips, -1, (9, 9), (0.05, 0.8), (-0.4, 0.4)),
        (hips, 1, (9, 9), (0.05, 0.8), (-0.4, 0.4)),
    ):
        angle = chance.uniform(*first)
        middle = start + lengths[0] * np.array([side * np.sin(angle), np.cos(angle)])
        angle += chance.uniform(*second)
        joints += [middle, middle + lengths[1] * np.array([side * np.sin(angle), np.cos(angle)])]
    return np.array(joints)


def _lines(pose: np.ndarray) -> list[list[tuple[float, float]]]:
    """The joints of each limb, finer."""
    neck, hips, *others = (tuple((FINER * joint).tolist()) for joint in pose)
    starts = (neck, neck, hips, hips)
    limbs = [[start, *others[2 * k : 2 * k + 2]] for k, start in enumerate(starts)]
    return [[neck, hips], *limbs]  # type: ignore[list-item]


def _sticks(pose: np.ndarray) -> np.ndarray:
    picture = Image.new("RGB", (SIDE * FINER, SIDE * FINER), GROUND[0])
    pen = ImageDraw.Draw(picture)
    for line, colour in zip(_lines(pose), STICK_COLOURS.tolist(), strict=True):
        pen.line(line, fill=tuple(colour), width=2 * FINER, joint="curve")
    return _reduced(picture)


def _body(pose: np.ndarray) -> np.ndarray:
    picture = Image.new("RGB", (SIDE * FINER, SIDE * FINER), GROUND[1])
    pen = ImageDraw.Draw(picture)
    lines, colours = _lines(pose), BODY_COLOURS.tolist()
    for limb in (3, 4, 1, 2, 0):
        width = (9 if limb == 0 else 5) * FINER
        pen.line(lines[limb], fill=tuple(colours[limb]), width=width, joint="curve")
        for x, y in lines[limb]:
            _dot(pen, x, y, width / 2, tuple(colours[limb]))
        if limb in (3, 4):
            _dot(pen, *lines[limb][-1], 2.5 * FINER, SHOES)
    x, y = lines[0][0]
    _dot(pen, x, y - 6 * FINER, 5.5 * FINER, HAIR)
    _dot(pen, x, y - 4.5 * FINER, 4.5 * FINER, HEAD)
    return _reduced(picture)


def _dot(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _reduced(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX))


def _centres(picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    away = np.linalg.norm(picture[:, :, None].astype(float) - colours.astype(float), axis=3)
    nearest, is_near = away.argmin(2), away.min(2) <= NEAR
    found = np.full((len(colours), 2), np.nan)
    for limb in range(len(colours)):
        places = np.argwhere((nearest == limb) & is_near)
        if len(places):
            found[limb] = places.mean(0)
    return found
