"""Rows as a detector of odd records sees them: what tables share with kinds that describe records by rows."""
