"""Groups of records by one or two columns: is the synthetic data right, useful and private for each of them?

`cells` finds groups, `relations` compares what is in them, `lost` asks how well they are predicted, `leakage`
looks for columns that tell the target too well, `fairness` makes the table by group.
"""
