"""The energy score: how good draws of whole fields are, by distances between fields alone."""

from __future__ import annotations

import torch


def energy_score(
    draws: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor, groups: torch.Tensor
) -> torch.Tensor:
    """E|Y − y| − ½ E|Y − Y'| of each group, with |·| the weighted root mean square over it.

    Strictly proper: of all distributions of fields that of the truth has the least (Gneiting &
    Raftery, J. Am. Stat. Assoc. 102, 2007, 359-378, eq. 22), correlations between points included.
    It turns with no frame, if vectors and tensors are given with all their components. Of
    distributions that are points it is the error. The mean over pairs leaves out those of a draw
    with itself, so that few draws make no difference on average.

    Parameters
    ----------
    draws : (k, m, q)
        k >= 2 draws of the q components of m clouds.
    truth : (m, q)
    weights : (m,)
    groups : (m,) integers from 0 on
        Which clouds are of one field.

    Returns
    -------
    (g,)
        0 of groups without clouds.
    """
    count = int(groups.max()) + 1
    totals = weights.new_zeros(count).index_add(0, groups, weights)
    shares = weights / totals.clamp(min=torch.finfo(weights.dtype).tiny)[groups]

    def distances(differences):  # (..., m, q) -> (..., g)
        squares = shares * differences.square().sum(-1)
        sums = squares.new_zeros(*squares.shape[:-1], count).index_add(-1, groups, squares)
        return torch.sqrt(sums + torch.finfo(sums.dtype).eps ** 2)

    k = len(draws)
    first, second = torch.triu_indices(k, k, offset=1)
    return distances(draws - truth).mean(0) - 0.5 * distances(draws[first] - draws[second]).mean(0)
