"""What a person can put right: the binaries print these as one line and exit with 2."""


class InputError(ValueError):
    """Something handed in cannot be used; the message says what came, what was expected and the way out."""


class UnknownNameError(InputError, LookupError):
    """A name that nothing is registered under."""
