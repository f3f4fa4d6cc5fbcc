"""Around every command: help, one-line errors, signals, several processes. Scripts alone use it."""
