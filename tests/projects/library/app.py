"""An application."""

ANSWER = 42
