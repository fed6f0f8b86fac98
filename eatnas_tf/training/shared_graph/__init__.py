"""One traced graph that trains every architecture: a network is a table that the graph reads.

`program` makes the table from specs, `interpreter` runs it forwards and backwards, `engine` trains by it.
"""
