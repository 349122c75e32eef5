"""Is it useful? What models that learnt from synthetic records know about real ones."""
