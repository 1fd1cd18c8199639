"""Models of atoms before their first step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from vcnn.atoms.clouds import join_clouds
from vcnn.atoms.frame import Frame
from vcnn.atoms.model import AtomicModel
from vcnn.network.base import Network, check_network
from vcnn.network.registry import check_storable
from vcnn.training.config import TrainingConfig, check_config

POTENTIAL_TRAINING = TrainingConfig(batch_size=4)
_CALIBRATION = 8  # frames that a network is calibrated with


def prepare_model[Model: AtomicModel](
    begin: Callable[[Sequence[str]], Model],
    network: Network,
    frames: Sequence[Frame],
    config: TrainingConfig,
    species: Sequence[str] | None,
    run_directory: str | Path | None,
) -> Model:
    """A model before its first step, whose network has seen some frames.

    Parameters
    ----------
    begin : callable
        Makes it, from its species.
    network : Network
        Calibrated in place.
    frames : sequence of Frame
    config : TrainingConfig
    species : sequence of str, optional
        Default: as they come in the frames.
    run_directory : path, optional
        If there is one, the network must be one that files can hold.
    """
    check_config(config)
    check_network(network)
    if run_directory is not None:
        check_storable(network)
    if species is None:
        species = tuple(dict.fromkeys(name for frame in frames for name in frame.species))
    model = begin(species)
    network.to(config.torch_dtype).train()
    rng = np.random.default_rng([config.seed, 2])
    some = [frames[k] for k in rng.permutation(len(frames))[:_CALIBRATION]]
    joined = join_clouds([model.clouds(frame) for frame in some])
    places = torch.as_tensor(np.concatenate([frame.positions for frame in some]))
    near = joined.relative(places) / model.cutoff
    network.calibrate(joined.as_vector_clouds(near, model.smooth))
    return model
