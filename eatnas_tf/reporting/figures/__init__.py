"""Pictures: pure functions from data to a matplotlib figure."""
