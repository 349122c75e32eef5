"""One file per game: its rules, how it is played, and what it can be asked afterwards."""
