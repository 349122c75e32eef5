"""One folder for each kind of data; none imports another."""
