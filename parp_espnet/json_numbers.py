"""Numbers of JSON files that a user may have changed: `float` takes words and truths, too."""

from parp_espnet.errors import as_written


def number(read: object) -> float:
    """Return a number of a JSON file. Raises `TypeError` where it is none, such as "0.5" or true,
    and `OverflowError` where no float holds it.
    """
    if type(read) not in (int, float):
        raise TypeError(f"expected a number, found {as_written(read)}")
    return float(read)  # type: ignore[arg-type]


def whole(read: object) -> int:
    """Return a whole number of a JSON file. Raises `TypeError` where it is none, such as 12.5."""
    if type(read) is not int:
        raise TypeError(f"expected a whole number, found {as_written(read)}")
    return read
