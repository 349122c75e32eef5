"""Scores: how real, how useful and how private synthetic data is, each with its error and its anchors.

The scorecard works on `Features` (records as a matrix of numbers and codes) and on points; it knows no
engine, no network and no kind of data. A modality turns its own records into features and says which scores
fit it.
"""
