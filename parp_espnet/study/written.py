"""Values of a study's file that YAML reads as something else than is written: `5_20` is 520 to it,
`0_10` is 8, `2:4` is 124, and `no` is false.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from parp_espnet.glue.settings import Settings as OfText
from parp_espnet.pipeline.options import Option, options_of_class
from parp_espnet.pipeline.settings import Settings as OfSpeech

OPTIONS: Mapping[str, Option] = {**options_of_class(OfText), **options_of_class(OfSpeech)}
"""Those of both templates, which are of one type where both have them."""
TEXT = (str, Path)
NUMBERS = (int, float)
SHOWN = 60
MERGE = "tag:yaml.org,2002:merge"
"""What `<<` is to YAML, which may stand where what it brings is then said otherwise."""


def repeated(text: str) -> Iterator[str]:
    """Yield each name that a mapping of a study's file has twice, and its lines: YAML takes the
    last one, and leaves out what the first one says.

    Args:
        text: a study's file, which `files.parse_yaml` reads.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if node is not None:
        yield from _repeated_in(node, set())


def _repeated_in(node: yaml.Node, seen: set[int]) -> Iterator[str]:
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _repeated_in(one, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
            # Of quotes nothing is left in a name: 1 and "1" are one.
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                yield f"{name[:SHOWN]} in lines {lines[name]} and {line}"
            lines[name] = line
        yield from _repeated_in(value, seen)


def misread(text: str, aside: tuple[str, ...] = ()) -> Iterator[tuple[str | None, str]]:
    """Yield each arm in which YAML reads a value as another than is written, None for the options
    of all, and what is wrong, in words.

    Args:
        text: a study's file, which `files.parse_yaml` reads.
        aside: keys of an arm that are no options.
    """
    loader = yaml.SafeLoader(text)
    try:
        for key, value in _pairs(loader.get_single_node(), loader):
            if key == "options":
                for fault in _faults_of(value, loader, aside):
                    yield None, fault
            if key == "arms":
                for arm, options in _pairs(value, loader):
                    for fault in _faults_of(options, loader, aside):
                        yield arm, fault
    finally:
        loader.dispose()


def _pairs(node: yaml.Node | None, loader: yaml.SafeLoader) -> Iterator[tuple[str, yaml.Node]]:
    """The names and values of a mapping, what it takes from others included."""
    if not isinstance(node, yaml.MappingNode):
        return
    loader.flatten_mapping(node)
    for key, value in node.value:
        yield str(key.value), value


def _faults_of(
    options: yaml.Node, loader: yaml.SafeLoader, aside: tuple[str, ...]
) -> Iterator[str]:
    for name, value in _pairs(options, loader):
        option = OPTIONS.get(name.replace("-", "_"))
        if option is None or name in aside:
            continue
        for scalar in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            fault = _fault(option, scalar, loader)
            if fault:
                yield f"{name}: {fault}"


def _fault(option: Option, scalar: yaml.Node, loader: yaml.SafeLoader) -> str:
    """Say what is wrong with a value; "" where nothing is."""
    if not isinstance(scalar, yaml.ScalarNode):
        return ""
    read = loader.construct_object(scalar)
    if not isinstance(read, bool | int | float):
        return ""
    written = scalar.value[:SHOWN]
    found = f"found {written}, which YAML reads as {str(read).lower()[:SHOWN]}"
    if option.kind in TEXT and scalar.value != str(read):
        return f'expected text, {found}; put quotes around it: "{written}"'
    is_number = option.kind in NUMBERS and not isinstance(read, bool)
    if is_number and not _is_decimal(scalar.value, read):
        return f"expected a number in decimal digits, {found}"
    return ""


def _is_decimal(written: str, number: float) -> bool:
    """Whether a number is what its digits say; to YAML `010` is 8 and `1:30` is 90."""
    try:
        return float(written) == number
    except ValueError:
        return False
