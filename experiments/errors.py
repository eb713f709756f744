"""The one error that users see as a line of text instead of a traceback."""


class UserError(Exception):
    """Something the user can mend: one line with the key or file, the value, what is allowed."""
