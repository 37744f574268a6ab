"""`torch._dynamo`, loaded when something is to be compiled.

ESPnet marks a function as not to be compiled, and each of torch's optimizers asks, before an
update, whether it is being compiled. Either loads torch's compiler, a second of every process, for
the answer "no": unless the compiler was loaded, nothing is compiled. Here that answer is given
without it. All else that is asked of `torch._dynamo`, `torch.compile` first of all, loads the real
one, which takes its place.
"""

import functools
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from inspect import isfunction
from types import ModuleType
from typing import Any

import torch

NAME = "torch._dynamo"
_MARKS: list[tuple[str, Any]] = []
"""What decorators of `torch._dynamo` were asked before it was loaded."""


class Dynamo(ModuleType):
    """What stands for `torch._dynamo` until it is needed."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.__spec__ = find_spec(NAME)
        self.__file__ = self.__spec__.origin if self.__spec__ else None

    def __getattr__(self, name: str) -> Any:
        # `__path__` is asked for when a module below is imported; other such names by who looks at
        # all modules.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        return getattr(_real(), name)

    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        """Do nothing: there is no graph."""

    @staticmethod
    def assume_constant_result(function: Any) -> Any:
        """Return the function, of which a compiler is told when there is one."""
        return _mark("assume_constant_result", function)

    @staticmethod
    def allow_in_graph(function: Any) -> Any:
        """Do the same."""
        return _mark("allow_in_graph", function)

    @staticmethod
    def disable(function: Any = None, *options: Any, **named: Any) -> Any:
        """Return a function that is itself as long as nothing can be compiled, and then the one not
        to be compiled.
        """
        if function is None:
            return functools.partial(Dynamo.disable, **named)
        if not isfunction(function):
            return _real().disable(function, *options, **named)
        disabled: Callable[..., Any] | None = None

        @functools.wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            nonlocal disabled
            if isinstance(sys.modules.get(NAME), Dynamo):
                return function(*arguments, **keywords)
            if disabled is None:
                disabled = _real().disable(function, *options, **named)
            return disabled(*arguments, **keywords)

        return call


def compile_nothing() -> None:
    """Put the stand-in in the place of `torch._dynamo`, unless that is loaded."""
    if NAME not in sys.modules:
        sys.modules[NAME] = torch._dynamo = Dynamo()


def _mark(decorator: str, function: Any) -> Any:
    _MARKS.append((decorator, function))
    return function


def _real() -> ModuleType:
    if not isinstance(sys.modules.get(NAME), Dynamo):
        return sys.modules[NAME]  # loaded, or being loaded
    del sys.modules[NAME]
    dynamo = import_module(NAME)
    for decorator, function in _MARKS:
        getattr(dynamo, decorator)(function)
    _MARKS.clear()
    return dynamo
