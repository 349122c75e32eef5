"""The report's figures as plain dicts for Plotly's JavaScript, one function per figure."""
