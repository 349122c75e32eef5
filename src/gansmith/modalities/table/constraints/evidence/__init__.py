"""Rules found in the data, one file for each kind."""
