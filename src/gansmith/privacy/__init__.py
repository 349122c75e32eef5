"""Differential privacy: what may be learnt of real records under a guarantee, and what it cost.

Everything that touches real records under a guarantee goes through a mechanism, and every mechanism through
the ledger: it is charged first, its charge is on the disk before noise is drawn, and only the noisy result
comes back. What is made of noisy results afterwards is free (post-processing), however often it is done.

    guarantee     epsilon, delta, whose record is protected, how many rows of a person count
    randomness    bits of the operating system, which no seed rules
    noise         the discrete Gaussian, the discrete Laplace and exact choices, without floating-point leaks
    ledger        every charge with its result; refuses to overspend; resumes by replaying
    accounting    zero-concentrated and Rényi divergences to (epsilon, delta), by two accountants
    composition   the same of steps on Poisson batches, by the distribution of the privacy loss
    mechanisms    counts, marginals, choices, categories, rows of a person
    ranges        ranges and bins of numbers
    statement     what a guarantee says, for people
    auditing      attacks on mechanisms: lower bounds of epsilon, neighbouring data

Neighbours differ by one unit that is there or not ("add or remove"); a unit is a record, or a person with at
most `max_rows` of them. The package knows arrays of numbers only: no tables, no networks.
"""
