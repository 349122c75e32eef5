"""Files that survive: atomic writes, the run folder, the `.gan` model file."""
