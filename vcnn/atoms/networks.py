"""Networks for energies of atoms."""

from __future__ import annotations

from typing import Any

from vcnn.network.vector_cloud import VectorCloudNetwork

POTENTIAL_SETTINGS = {  # what atoms want otherwise than flows
    "output": "scalar",
    "normalization": "sum",
    "galilean": True,
    "fits": 0,
    "second_moments": True,
    "functions": "bessel",
    "radial": 8,
}


def potential_network(kinds: int, **options: Any) -> VectorCloudNetwork:
    """A `VectorCloudNetwork` for the energies of atoms.

    Contributions of neighbours are summed, atoms have no velocity, and radial functions are those
    that tell near distances apart.

    Parameters
    ----------
    kinds : int
        Number of species.
    **options : any
        Arguments of `VectorCloudNetwork` in place of these.

    Returns
    -------
    VectorCloudNetwork

    Raises
    ------
    InputError
        As `VectorCloudNetwork`.
    """
    of_species = {"categories": {"species": kinds}, "channels": 2 * kinds}  # more say no more
    return VectorCloudNetwork(**{**POTENTIAL_SETTINGS, **of_species, **options})
