"""Rebalancing: which method against imbalance helps, measured on real records, and more of the rare class.

`settings.py` says what a user may choose, `case.py` what it is about, `contest.py` compares the methods,
`more.py` makes records for a user who wants them, `sampler.py` is an imbalanced-learn sampler.
"""
