"""Tables in files and frames: read with their types found, written as they were spelt."""
