"""Scores: how real, how useful and how private synthetic data is, each with its error and its anchors.

features        records as a matrix of numbers and codes
points          records as points, and their nearest neighbours
learners        trees and linear models, and how well they judge
score           a score with its error, an entry beside its anchors, how much work a card is
real, useful, private
                the scores, by the question that they answer
measures        all of them, each a function of a case
judge           synthetic records in, card out: every measure beside its anchors
plots           what there is to see, as plain numbers
verdict         what a card says in words
card            what came of it, to print, to store, to show

The scorecard knows no engine, no network and no kind of data. A modality turns its own records into features
and says which scores fit it.
"""
