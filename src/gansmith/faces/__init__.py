"""The outside: command line, web page, demonstrations. Thin: parse, call, print."""
