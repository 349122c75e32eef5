"""Colours as a kind of data: text files with one colour a line, such as #ff8800."""

from gansmith.modalities.registry import Modality

COLOURS = Modality(
    "colours", "Colours, one #rrggbb a line.", "colours.format:ColourFormat", "colours.recipe:ColourRecipe"
)
