"""Outputs of a network: equivariant values from invariant coefficients and an equivariant basis.

The basis of a cloud are K vectors V_k and q symmetric tensors S_k that turn with the frame, and of
some networks p scalars s_k too. Coefficients that do not turn combine them into a value that turns
as it should."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn.functional import softplus

from vcnn.errors import InputError, suggest
from vcnn.flow.quantities import HEADS
from vcnn.network.matrix_functions import positive

# kind of output -> where a FlowField keeps such fields
OUTPUTS = {head: f"{kind}s" for kind, heads in HEADS.items() for head in heads}


def list_outputs(output: str | Sequence[str]) -> tuple[str, ...]:
    """The kinds of outputs that an argument names, one or several.

    Raises
    ------
    InputError
        If these are not some of `OUTPUTS`, at least one.
    """
    outputs = tuple(output) if isinstance(output, list | tuple) else (output,)
    for kind in outputs or ("none",):
        if not isinstance(kind, str) or kind not in OUTPUTS:
            raise InputError(
                f"output: expected {', '.join(OUTPUTS)}, got {kind!r}{suggest(kind, OUTPUTS)}"
            )
    return outputs


def count_coefficients(kind: str, vectors: int, tensors: int, scalars: int = 0) -> int:
    """How many invariant coefficients an output needs over a basis of vectors and tensors."""
    if OUTPUTS[kind] == "scalars":
        return 1 + scalars
    if kind == "vector":
        return vectors
    return vectors * (vectors + 1) // 2 + tensors + (kind != "traceless_symmetric_tensor")


def value(
    kind: str,
    c: torch.Tensor,
    vectors: torch.Tensor | None,
    tensors: torch.Tensor | None,
    scalars: torch.Tensor | None = None,
) -> torch.Tensor:
    """The output of m clouds: scalars (m,), vectors (m, d) or tensors (m, d, d).

    A scalar is c + Σ_k c_k s_k. A vector is Σ_k c_k V_k. A symmetric tensor is

        T = Σ_{k<=l} c_kl sym(V_k ⊗ V_l) + Σ_k c_k S_k + c I

    (the form of VCNN-e, Han, Zhou & Xiao 2023, with full coefficients): any symmetric tensor, once
    the vectors span the space. Less its trace it is traceless. A Reynolds stress is A², A being T
    with (1 + c) d^(-1/4) I in place of c I: positive semi-definite whatever the coefficients are,
    of norm 1 where they are 0, and every such tensor is the square of a symmetric one. A covariance
    is f(T + c I) d^(-1/2), f of eigenvalues (:func:`vcnn.network.matrix_functions.positive`):
    positive definite, and nothing keeps an eigenvalue from becoming small. A positive scalar is
    log(1 + (e - 1) exp(x)) of a scalar x, 1 where x = 0.

    Parameters
    ----------
    kind : one of `OUTPUTS`
    c : (m, count_coefficients(...))
    vectors, tensors, scalars : (m, K, d), (m, q, d, d), (m, p)
        Those that the output is made of.
    """
    if OUTPUTS[kind] == "scalars":
        x = c[:, 0] if scalars is None else c[:, 0] + (c[:, 1:] * scalars).sum(dim=1)
        return x if kind == "scalar" else softplus(x + math.log(math.e - 1))
    if kind == "vector":
        return (c[:, None] @ vectors).squeeze(1)
    count, d = vectors.shape[1:]
    rows, columns = torch.triu_indices(count, count, device=c.device)
    products, rest = c[:, : len(rows)], c[:, len(rows) :]
    weights = c.new_zeros(len(c), count, count)
    weights[:, rows, columns] = 0.5 * products
    T = vectors.transpose(1, 2) @ (weights + weights.transpose(1, 2)) @ vectors
    T = T + torch.einsum("mk,mkij->mij", rest[:, : tensors.shape[1]], tensors)
    identity = torch.eye(d, dtype=c.dtype, device=c.device)
    if kind == "traceless_symmetric_tensor":
        return T - T.diagonal(dim1=1, dim2=2).mean(dim=1)[:, None, None] * identity
    isotropic = rest[:, -1, None, None]
    if kind == "symmetric_tensor":
        return T + isotropic * identity
    if kind == "covariance":
        return d**-0.5 * positive(_symmetric(T) + isotropic * identity)
    root = _symmetric(
        T + (1 + isotropic) * d**-0.25 * identity
    )  # its square has norm 1 where c = 0
    return _symmetric(root @ root)


def values(
    kinds: Sequence[str],
    c: torch.Tensor,
    counts: Sequence[int],
    vectors: torch.Tensor | None,
    tensors: torch.Tensor | None,
    scalars: torch.Tensor | None = None,
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """The outputs of several kinds, one after the other in ``c`` (m, Σ counts); a tuple of many."""
    parts = c.split(list(counts), dim=1)
    outputs = tuple(
        value(kind, part, vectors, tensors, scalars)
        for kind, part in zip(kinds, parts, strict=True)
    )
    return outputs[0] if len(outputs) == 1 else outputs


def _symmetric(T: torch.Tensor) -> torch.Tensor:
    """The symmetric part of (m, d, d): of what is symmetric but for round-off, to the last bit."""
    return 0.5 * (T + T.transpose(1, 2))
