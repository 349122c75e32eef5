"""Tables: numbers, categories, dates, missing cells, mixed; with columns held fixed on request."""
