"""Search strategies: which architecture is evaluated next (plugin group `strategies`)."""
