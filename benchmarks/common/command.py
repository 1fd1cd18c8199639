"""Command lines of studies."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from vcnn import InputError


def parser(text: str) -> argparse.ArgumentParser:
    """A parser whose help is the documentation of a module."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run(main: Callable[[], None]) -> None:
    """Run a study; an `InputError`, such as for data that are missing, ends it with one line."""
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
