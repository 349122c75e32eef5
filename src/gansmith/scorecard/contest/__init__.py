"""A contest of methods against imbalance: numbers on arrays, always tested on real records.

Knows no kind of data and nothing that learns to generate: a kind brings records as arrays, learners and
methods of its own (`arena.py`), whoever holds the contest brings made records.
"""
