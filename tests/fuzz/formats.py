"""One damaged input of each format, and the command that is given it."""

import io
import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvista

from tests.fuzz.mutations import mutate
from vcnn.flow.grid import seal


def _files(kind: str, *mutated: str, verbs=("import", "show")) -> Callable:
    """A copy of the originals of a kind with one of some files mutated, for a verb drawn."""

    def write(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
        shutil.copytree(originals / kind, folder, dirs_exist_ok=True)
        name = mutated[rng.integers(len(mutated))]
        path = folder / name
        path.write_bytes(mutate(path.read_bytes(), rng))
        main = name.replace(".h5", ".xdmf")
        return _command(verbs[rng.integers(len(verbs))], main)

    return write


def _command(verb: str, name: str) -> list[str]:
    return {
        "import": ["import", name, "-o", "out.vtu"],
        "show": ["show", name],
        "predict": ["predict", "model.safetensors", name, "-o", "out"],
        "predict with": ["predict", name, "flow.vtu", "-o", "out"],
    }[verb]


def _foam(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    """A case with one of its files mutated, rarely lost."""
    source = originals / "foam" / ("ascii", "binary")[rng.integers(2)]
    shutil.copytree(source, folder / "case")
    files = sorted(path for path in (folder / "case").rglob("*") if path.is_file())
    path = files[rng.integers(len(files))]
    if rng.random() < 0.03:
        path.unlink()
    else:
        path.write_bytes(mutate(path.read_bytes(), rng))
    return _command("show" if rng.random() < 0.2 else "import", "case")


def _own_header(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    """A flow file of ours whose digest is right and whose JSON header is not."""
    grid = pyvista.read(originals / "own" / "flow.vtu")
    text = mutate(str(grid.field_data["vcnn"][0]).encode(), rng)
    grid.field_data["vcnn"] = [text.replace(b"\0", b" ").decode("ascii", "ignore")]
    grid.save(folder / "flow.vtu")
    seal(folder / "flow.vtu")
    return _command("show", "flow.vtu")


class _Executed:
    def __reduce__(self):
        return open, ("EXECUTED", "w")


def _npz(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    """An array replaced by one that does not fit, or a pickle; or bytes of the file mutated."""
    with np.load(originals / "npz" / "flow.npz") as file:
        arrays = dict(file)
    name = sorted(arrays)[rng.integers(len(arrays))]
    array = np.asarray(arrays[name])
    changed = array.astype(float)
    if changed.size:
        value = [np.nan, np.inf, -1.0, 1e9, 2.0**63, 1e300, 1e-300][rng.integers(7)]
        changed.flat[rng.integers(changed.size)] = value
    with np.errstate(invalid="ignore"):
        arrays[name] = [
            changed,
            changed.astype(array.dtype),
            np.zeros((0, *array.shape[1:])),
            array[:-1] if array.ndim else array[None],
            array.astype(complex),
            array.astype(str),
            np.asarray(None, dtype=object),
            array.astype(np.uint8),
            np.stack([array] * 3, axis=-1),
            array.astype([("a", array.dtype)]),
        ][rng.integers(10)]
    buffer = io.BytesIO()
    if arrays[name].dtype == object:
        arrays[name] = np.frombuffer(pickle.dumps(_Executed()), np.uint8)
        np.savez(buffer, **arrays, pickled=np.array([_Executed()], dtype=object))
    else:
        np.savez(buffer, **arrays)
    content = buffer.getvalue()
    (folder / "flow.npz").write_bytes(mutate(content, rng) if rng.random() < 0.4 else content)
    return _command(("import", "show")[rng.integers(2)], "flow.npz")


def _model_header(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    """A model whose JSON header is mutated: that of the format, or that of ours in it."""
    shutil.copytree(originals / "model", folder, dirs_exist_ok=True)
    path = folder / "model.safetensors"
    _mutate_header(path, rng)
    return _command(("show", "predict with")[rng.integers(2)], path.name)


def _mutate_header(path: Path, rng: np.random.Generator) -> None:
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = content[8 : 8 + size]
    if rng.random() < 0.7:
        table = json.loads(header)
        ours = mutate(table["__metadata__"]["vcnn"].encode(), rng)
        table["__metadata__"]["vcnn"] = ours.decode(errors="replace")
        header = json.dumps(table).encode()
    else:
        header = mutate(header, rng)
    path.write_bytes(struct.pack("<Q", len(header)) + header + content[8 + size :])


def _case(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    return _toml(originals, folder, rng, "case.toml", "solve")


def _training(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    return _toml(originals, folder, rng, "train.toml", "train")


def _toml(originals, folder, rng, name, verb) -> list[str]:
    shutil.copytree(originals / "toml", folder, dirs_exist_ok=True)
    path = folder / name
    path.write_bytes(mutate(path.read_bytes(), rng))
    return [verb, name, "-o", "out"]


def _interrupted_training(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    """A run to go on with whose checkpoint is mutated."""
    shutil.copytree(originals / "run", folder, dirs_exist_ok=True)
    path = folder / "trained" / "checkpoint.safetensors"
    if rng.random() < 0.6:
        _mutate_header(path, rng)
    else:
        path.write_bytes(mutate(path.read_bytes(), rng))
    return ["train", "train.toml", "-o", "trained"]


def _interrupted_solution(originals: Path, folder: Path, rng: np.random.Generator) -> list[str]:
    """A run to go on with whose checkpoint, origin or result is mutated."""
    shutil.copytree(originals / "run", folder, dirs_exist_ok=True)
    name = ("checkpoint.npz", "closure.json", "result.json")[rng.integers(3)]
    path = folder / "solved" / name
    if name == "result.json":
        path.write_text(json.dumps({"answer": "solved"}))
    path.write_bytes(mutate(path.read_bytes(), rng))
    return ["solve", "case.toml", "-o", "solved", "--resume"]


# name -> function(originals, folder, rng) that writes an input into a folder and returns arguments
FORMATS: dict[str, Callable[[Path, Path, np.random.Generator], list[str]]] = {
    "VTU": _files("vtu", "ascii.vtu", "binary.vtu", "meshio.vtu", "pieces.pvtu", "series.pvd"),
    "flow VTU": _files("own", "flow.vtu", verbs=("show",)),
    "flow header": _own_header,
    "VTK": _files("vtk", "ascii.vtk", "binary.vtk", "meshio.vtk"),
    "XDMF": _files("xdmf", "hdf.xdmf", "hdf.h5", "xml.xdmf"),
    "Gmsh": _files("msh", "ascii22.msh", "binary22.msh", "ascii41.msh"),
    "NumPy": _npz,
    "CSV": _files("csv", "flow.csv"),
    "OpenFOAM": _foam,
    "case TOML": _case,
    "training TOML": _training,
    "safetensors": _files("model", "model.safetensors", verbs=("show", "predict with")),
    "model header": _model_header,
    "checkpoint": _interrupted_training,
    "solution": _interrupted_solution,
}
