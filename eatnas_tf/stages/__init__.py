"""The stages, one function each: the only place where evolution and training meet."""
