"""Text that does not show itself."""

from __future__ import annotations


class Secret(str):
    """A ``str`` in every use, whose ``repr`` is masked.

    So a token that is the last line of a notebook's cell, stands in a dictionary that is printed, or is a variable of a
    frame that a crash reporter writes down, is not shown. ``print``, ``format``, ``json.dumps`` and ``str(token)``
    give the text itself: those ask for it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<hidden, {len(self)} characters>"
