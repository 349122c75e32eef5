"""Scores of records on a grid that were made of others: true to the truth, real, the content kept, diverse.

fidelity        how near what was made is to a known truth
content         whether it still shows what its input shows; whether several of one input differ
patches         small pieces of records, as numbers
realism         whether pieces of what was made are told from pieces of real records
measuring       all of them, for every method and anchor
card            what came of it, to print, to store, to show

All of it is on arrays `(n_channels, *grid)` from 0 to 1, each of its own size.
"""
