"""What a run or a scorecard looks like: one plain dict in, one page out."""
