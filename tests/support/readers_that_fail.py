"""Readers for the tests of `vcnn.reader_process`: what compiled ones do to a process."""

import os
import sys
from pathlib import Path

import numpy as np


def everything(path: Path, count: int) -> dict:
    return {
        "array": np.arange(count, dtype=np.int32),
        "list": [1.5, None, "x", np.float64(2), (np.ones((2, 3), order="F"),)],
        "nested": {"text": np.array(["é", "b"]), "empty": np.zeros((0, 3))},
        "size": path.stat().st_size,
    }


def environment(path: Path) -> dict:
    return {"environment": dict(os.environ), "folder": os.getcwd()}


def aborts(path: Path) -> dict:
    print("a count\nof 10^18", file=sys.stderr, flush=True)
    os.abort()


def crashes(path: Path) -> dict:
    os.kill(os.getpid(), 11)
    return {}


def fills_memory(path: Path) -> dict:
    return {"array": np.zeros(1 << 33)}


def never_ends(path: Path) -> dict:
    while True:
        pass


def leaves(path: Path) -> dict:
    print("Error: no such cell", flush=True)
    sys.exit(1)


def raises(path: Path) -> dict:
    raise KeyError("cells\nand more")


def names_itself(path: Path) -> dict:
    from vcnn.errors import InputError

    raise InputError(f"{path}: field 'U' is missing")


def pickles(path: Path) -> dict:
    return {"array": np.array([object()])}


def through_vtk(path: Path) -> dict:
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    return {"points": reader.GetOutput().GetNumberOfPoints()}
