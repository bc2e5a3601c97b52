"""A port each call of which goes through somebody else's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Call = Callable[[], Any]


class EachCall:
    """A port as it was, but for its calls; those that are awaited are left as they are.

    :param through: carries a call out, and decides what comes before and after it
    """

    def __init__(self, inner: object, through: Callable[[Call], Any]) -> None:
        self._inner = inner
        self._through = through

    def __str__(self) -> str:
        return str(self._inner)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has under that name
        found = getattr(self._inner, name)
        if not callable(found) or name.endswith("_async"):
            return found
        return lambda *given, **named: self._through(lambda: found(*given, **named))
