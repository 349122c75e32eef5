"""The game on tensors: players, objectives, penalties, turns, checkpoints. It knows no kind of data."""
