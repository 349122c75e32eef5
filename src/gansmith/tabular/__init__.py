"""Rows of columns, below the kinds of data: tables, series and databases are made of them."""
