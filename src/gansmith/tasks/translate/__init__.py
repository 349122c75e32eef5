"""Records turned into others: pictures made larger, mended, or given another look."""
