"""ESPnet and transformers, imported in a part of their time: what nobody has chosen is not loaded.

`import espnet2.tasks.asr` loads each encoder, decoder and frontend that ESPnet has and what they
need, and one model of transformers what all others need, and torch's compiler: nine seconds of
every process, of which two are needed. What is imported inside `imported_later()` gets stand-ins
for what LATER names. A stand-in becomes the real thing when it is called, asked for an attribute,
or chosen by a configuration: the same classes, options, help, checks and errors.
Outside of the context, imports are Python's own. A name that an upgrade takes away here only costs
the time again.

- The classes of the task's `ClassChoices` are loaded when `get_class` is asked for them, and
  checked then.
- Functions and classes that others call are loaded when they are called.
- `@typechecked` compiles a function again, to check its types; that is done before its first call.
- `torch._dynamo` is loaded when something is to be compiled: see `parp_espnet.compiling`.
"""

import builtins
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import resolve_name
from inspect import isfunction
from types import ModuleType, SimpleNamespace
from typing import Any, Union

from parp_espnet.compiling import compile_nothing

TASK = "espnet2.tasks.asr"
CHOICES = "espnet2.train.class_choices"
TOKENS = ("espnet2.text.hugging_face_", "espnet2.text.qwen2audio_", "espnet2.text.whisper_")
LATER: Mapping[str, tuple[str, ...]] = {
    TASK: (
        "espnet2.asr.decoder.",
        "espnet2.asr.encoder.",
        "espnet2.asr.frontend.",
        "espnet2.asr.maskctc_model",
        "espnet2.asr.pit_espnet_model",
        "espnet2.asr.postencoder.",
        "espnet2.asr.preencoder.",
        "espnet2.beats.",
    ),
    "espnet2.tasks.abs_task": ("espnet2.layers.create_adapter",),
    "espnet2.text.build_tokenizer": TOKENS,
    "espnet2.train.preprocessor": TOKENS,
    "espnet2.train.trainer": ("espnet2.main_funcs.calculate_all_attentions",),
    "espnet2.utils.types": ("distutils.util",),
    "transformers.": (
        "torch._dynamo.",
        "torch.distributed.",
        "torch.nn.attention.",
        "transformers.distributed.expert_parallel",
        "transformers.distributed.tensor_parallel",
    ),
    "transformers.loss.loss_utils": ("transformers.loss.loss_",),
}
"""Which modules a module uses only if it is told to; both are known by how their names begin."""


class Later:
    """A class or a function that is loaded when it is needed: called, made a base of, asked for an
    attribute.
    """

    def __init__(self, module: str, name: str) -> None:
        """Load nothing yet."""
        self._module, self._name = module, name

    def load(self) -> Any:
        """Return the real thing. Raises what its import raises."""
        return getattr(import_module(self._module), self._name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.load()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__typing", "__parameters__")):  # a stand-in in an annotation
            raise AttributeError(name)
        return getattr(self.load(), name)

    def __instancecheck__(self, thing: object) -> bool:
        # Of a class that is not loaded there is nothing.
        return self._module in sys.modules and isinstance(thing, self.load())

    def __subclasscheck__(self, kind: type) -> bool:
        return self._module in sys.modules and issubclass(kind, self.load())

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type]:
        return (self.load(),)

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007  # in an annotation

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007


class LaterModule:
    """What `from MODULE import NAME` takes a stand-in from."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Later:
        return Later(self._name, name)


class LaterClasses(dict[str, Any]):
    """The classes of a `ClassChoices` by name; one is loaded, and checked as all are there, when it
    is chosen.
    """

    def __init__(self, classes: Mapping[str, Any], base: type | None) -> None:
        super().__init__({name.lower(): found for name, found in classes.items()})
        self._base = base

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, Later):
            found = found.load()
            if self._base is not None and not issubclass(found, self._base):
                raise ValueError(f"must be {self._base.__name__}, but got {found}")
            self[name] = found
        return found


def later_choices(
    name: str, classes: Mapping[str, Any], type_check: type | None = None, **options: Any
) -> Any:
    """Make a `ClassChoices` of classes some of which are stand-ins."""
    there = {key: found for key, found in classes.items() if not isinstance(found, Later)}
    choices = import_module(CHOICES).ClassChoices(name, there, type_check, **options)
    choices.classes = LaterClasses(classes, type_check)
    return choices


def typechecked_later(function: Any) -> Any:
    """Be typeguard's `@typechecked`, applied to a function before its first call."""
    check = import_module("typeguard").typechecked
    if not isfunction(function):
        return check(function)
    checked: Callable[..., Any] | None = None

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal checked
        if checked is None:
            checked = check(function)
        return checked(*arguments, **named)

    return call


def is_later(importer: str, module: str) -> bool:
    """Whether a module gets a stand-in for another one. Abstract classes are what the others are
    checked by.
    """
    found = any(
        importer.startswith(one) and module.startswith(others) for one, others in LATER.items()
    )
    return found and ".abs_" not in module


@contextmanager
def imported_later() -> Iterator[None]:
    """Let modules that are imported inside get stand-ins. Only one thread may import then."""
    compile_nothing()
    real = builtins.__import__

    def find(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        importer = str((globals or {}).get("__name__"))
        module = resolve_name("." * level + name, globals["__package__"]) if level else name
        if fromlist and is_later(importer, module):
            return LaterModule(module)
        if importer == TASK and name == CHOICES:
            return SimpleNamespace(ClassChoices=later_choices)
        if importer.startswith("espnet2.") and name == "typeguard" and fromlist == ("typechecked",):
            return SimpleNamespace(typechecked=typechecked_later)
        if importer == "espnet2.train.preprocessor" and name == "scipy.signal":
            return real("scipy")  # of which `signal` is loaded when it is used
        return real(name, globals, locals, fromlist, level)

    builtins.__import__ = find
    try:
        yield
    finally:
        builtins.__import__ = real
        _leave_names(sys.modules.get(TASK))


def _leave_names(task: ModuleType | None) -> None:
    """Let others import from the task what it has imported: it uses the classes by its choices
    alone.
    """
    names = (
        {name: found for name, found in vars(task).items() if isinstance(found, Later)}
        if task
        else {}
    )
    for name in names:
        delattr(task, name)

    def load(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {TASK!r} has no attribute {name!r}")
        return names[name].load()

    if names:
        vars(task)["__getattr__"] = load
