"""What is asked of records: conditions, what a model knows of them, and records that fulfil them."""
