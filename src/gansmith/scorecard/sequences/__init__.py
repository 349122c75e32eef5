"""Series as the scorecard sees them: a second list of measures, for rows in time.

A series is one observation, whatever its steps say of each other. So each becomes a record of numbers that
say what it is like (`profiles.py`), and these records are compared as those of a table are: with the same
tests, trees, neighbours and attacks, and with errors of whole series. What only steps say, the next value, a
copied stretch, is measured on windows, and whole series are resampled there, too.
"""
