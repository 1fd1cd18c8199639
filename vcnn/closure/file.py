"""Model files: weights and everything else that a closure is, in one ``.safetensors`` file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.header import ENSEMBLE_KEYS, FORMAT, HEADER_KEYS, READABLE, SCALES_KEYS
from vcnn.closure.scales import Scales
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError, naming, suggest
from vcnn.headers import check_entries
from vcnn.keys import Key, check_choice
from vcnn.network.base import FIELDS, Network, name_outputs
from vcnn.network.registry import build_network, check_storable
from vcnn.tensor_file import read_tensors, write_tensors

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure

_SHIPPED = Path(str(files("vcnn.pretrained")))


_EDGE = {"smooth": 1.0}  # of regions in files that name none: older versions knew a sharp one only
_RENAMED = {2: {"vector-cloud": "pair-embedding"}}  # format -> name in its files -> name of today
_MEMBER = "member_"  # tensors of an ensemble are member_0/... and so on
_RANGE = "training_range/"  # tensors of that name are not the network's


def write_model(closure: Closure, path: str | Path) -> Path:
    """Weights and a JSON header in one file, whole or not at all.

    Raises
    ------
    InputError
        If the path has another suffix than ``.safetensors``, or the network could not be read
        again.
    """
    path = _model_path(path)
    write_tensors(path, *_contents(closure))
    return path


def write_models(closures: Sequence[Closure], path: str | Path, factors: dict) -> Path:
    """Several closures in one file, and what their spread is multiplied with, by target.

    Raises
    ------
    InputError
        As :func:`write_model`.
    """
    path, tensors, headers = _model_path(path), {}, []
    for number, closure in enumerate(closures):
        some, header = _contents(closure)
        tensors |= {f"{_MEMBER}{number}/{name}": tensor.clone() for name, tensor in some.items()}
        headers.append(header)
    write_tensors(path, tensors, {"format": FORMAT, "members": headers, "factors": factors})
    return path


def _model_path(path) -> Path:
    path = Path(path)
    if path.suffix != ".safetensors":
        raise InputError(
            f"{path}: a model is saved as .safetensors, got {path.suffix or 'no suffix'!r}"
        )
    return path


def _contents(closure: Closure) -> tuple[dict[str, torch.Tensor], dict]:
    """Tensors and header of a closure."""
    check_storable(closure.network)
    header = {
        "format": FORMAT,
        "architecture": closure.network.name,
        "config": closure.network.config,
        "region": closure.region.to_dict(),
        "scales": closure.scales.to_dict(),
        "target": closure.target,
        "dimension": closure.dimension,
        "units": dict(closure.units),
        "provenance": dict(closure.provenance),
    }
    if closure.usage:
        header["usage"] = dict(closure.usage)
    tensors = dict(closure.network.state_dict())
    if closure.training_range is not None:
        for name, array in closure.training_range.arrays().items():
            tensors[_RANGE + name] = torch.from_numpy(array)
    return tensors, header


def read_model(path: str | Path) -> dict[str, Any]:
    """The arguments of a `Closure` in a file that :func:`write_model` wrote.

    Raises
    ------
    InputError
        If the file is missing, truncated, no model of this package, or of a network that is not
        registered or was changed since.
    """
    tensors, header = _read(path)
    if "members" in header:
        raise InputError(f"{path}: several models in one; vcnn.closure.Ensemble.load reads them")
    return _arguments(tensors, header, path)


def read_models(path: str | Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """The arguments of each `Closure` in a file that :func:`write_models` wrote, and factors.

    Raises
    ------
    InputError
        As :func:`read_model`.
    """
    tensors, header = _read(path)
    if "members" not in header:
        raise InputError(f"{path}: a single model; vcnn.Closure.load reads it")
    check_entries(header, _predicates(ENSEMBLE_KEYS), f"{path}: its header")
    members = []
    for number, own in enumerate(header["members"]):
        prefix = f"{_MEMBER}{number}/"
        some = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        members.append(_arguments(some, own, f"{path}: member {number + 1}"))
    return members, header["factors"]


def holds_several(path: str | Path) -> bool:
    """Whether a file is one that :func:`write_models` wrote.

    Raises
    ------
    InputError
        If it is missing, truncated, or no model of this package.
    """
    return "members" in _read(path)[1]


def _read(path):
    tensors, header = read_tensors(path)
    if header.get("kind") == "transition":
        raise InputError(f"{path}: the law of a step of bodies; vcnn.particles.Transition reads it")
    if header.get("kind") == "potential":
        raise InputError(f"{path}: a potential of atoms; vcnn.atoms.Potential reads it")
    if header.get("format") not in READABLE:
        readable = " and ".join(map(str, READABLE))
        raise InputError(
            f"{path}: model format {header.get('format')}, this version reads {readable}"
        )
    return tensors, header


def _arguments(tensors, header, path) -> dict[str, Any]:
    """The arguments of a `Closure`."""
    needed = [key for key in HEADER_KEYS if key.needed or key.name in header]
    check_entries(header, _predicates(needed), f"{path}: its header")
    needed = [key for key in SCALES_KEYS if key.needed or key.name in header["scales"]]
    check_entries(header["scales"], _predicates(needed), f"{path}: its header: scales")
    names = [name for name in tensors if name.startswith(_RANGE)]
    arrays = {name.removeprefix(_RANGE): tensors.pop(name).numpy() for name in names}
    target, scales = header["target"], Scales.from_dict(header["scales"])
    target = target if isinstance(target, str) else tuple(target)
    name = header["architecture"]
    name = _RENAMED.get(header["format"], {}).get(name, name)
    with naming(path):
        network = build_network(name, header["config"])
        _load_weights(network, tensors)
        name_outputs(network, target)
        _check_scales(scales, network)
        with naming("region"):
            region = RegionOfInfluence.from_dict({**_EDGE, **header["region"]})
        training_range = None
        if arrays:
            training_range = TrainingRange.from_arrays(arrays, network.categories)
    return {
        "network": network.eval(),
        "region": region,
        "target": target,
        "dimension": header["dimension"],
        "scales": scales,
        "units": header["units"],
        "provenance": header["provenance"],
        "training_range": training_range,
        "usage": header.get("usage", {}),
    }


def _predicates(keys: Iterable[Key]) -> dict[str, Callable[[Any], bool]]:
    return {key.name: key.kind.holds for key in keys}


def _load_weights(network: Network, tensors: dict[str, torch.Tensor]) -> None:
    dtype = next((tensor.dtype for tensor in tensors.values()), None)
    try:
        if dtype not in (torch.float32, torch.float64):
            raise RuntimeError
        network.to(dtype).load_state_dict(tensors)
    except RuntimeError:  # whose text has a line for every tensor
        raise InputError(
            f"its weights are not those of network {network.name!r} as it is defined now"
        ) from None
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise InputError(f"damaged, weights {name!r} are not finite")


def _check_scales(scales: Scales, network: Network) -> None:
    if len(scales.targets) != len(network.outputs):
        raise InputError(f"damaged, it has scales of {len(scales.targets)} targets")
    for kind in FIELDS if network.scaling else ():
        for name in getattr(network, kind):
            if name not in getattr(scales, kind):
                raise InputError(f"damaged, {name!r} has no scale")


def pretrained_file(name: str) -> Path:
    """The file of a model that comes with the package.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    check_choice("pretrained", name, pretrained_names())
    return _SHIPPED / f"{name}.safetensors"


def pretrained_names() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in _SHIPPED.glob("*.safetensors"))


def model_file(model: Path) -> Path:
    """The file of a model that a user names: a path, or the name of one of the package's.

    A file of that name in the folder comes first; a note says so.

    Raises
    ------
    InputError
        If there is neither.
    """
    name, shipped = str(model), pretrained_names()
    if name in shipped:
        beside = next(
            (path for path in (model, Path(f"{name}.safetensors")) if path.is_file()), None
        )
        if beside is None:
            return pretrained_file(name)
        warnings.warn(f"{beside}: taken in place of the model {name} of the package", stacklevel=2)
        return beside
    if model.suffix or model.is_file() or len(model.parts) > 1:
        return model
    raise InputError(
        f"{model}: neither a file nor a model of the package (these are: {', '.join(shipped)})"
        f"{suggest(name, shipped)}"
    )
