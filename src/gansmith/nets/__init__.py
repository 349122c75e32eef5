"""Building blocks that two or more kinds of data share."""
