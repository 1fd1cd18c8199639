"""Command lines of studies."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from vcnn import InputError


def parser(text: str) -> argparse.ArgumentParser:
    """A parser whose help is the documentation of a module."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run(main: Callable[[], None]) -> None:
    """Run a study; an `InputError`, such as for data that are missing, ends it with one line.

    The exit status is then 2, as that of ``vcnn``.
    """
    try:
        main()
        sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # behind ``| head``: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
