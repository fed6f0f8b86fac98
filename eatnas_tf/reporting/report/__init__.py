"""A report: what stages left, as one page that needs nothing but itself."""
