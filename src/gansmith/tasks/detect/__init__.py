"""Odd records: what is unlike the usual ones, how far, and where; measured in the same way for every kind."""
