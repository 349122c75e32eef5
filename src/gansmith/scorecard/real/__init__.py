"""Is it real? How far synthetic records are from real ones that nothing was learnt from.

All take synthetic records (`fake`), real ones, best such as the generator never saw (`real`), and the seed of
what is drawn: pairs or triples of columns where there are too many, and the groups that errors come from.
They raise `DataError` for different columns or dimensions, none at all, or fewer records than two on a side.
"""
