"""Scores of records that are no columns: pictures, and whatever else lies on a grid or can be embedded.

records         records as the suite sees them, and who looks at them
measures        the scores, each a function of a case
alike           records all but copied: after a shift, a mirror, another brightness
judge           synthetic records in, entries out: every measure beside its anchors

A kind of data brings an observer (an encoder and a classifier, learnt here from real records), statistics of
each record, and what a page shows; nothing else is its own.
"""
