"""Is it real? How far synthetic records are from real ones that nothing was learnt from."""
