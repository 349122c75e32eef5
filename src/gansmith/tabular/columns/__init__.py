"""How each kind of column becomes states and levels, and becomes a column again."""
