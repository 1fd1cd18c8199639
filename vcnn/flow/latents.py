"""Latent variables: numbers that are drawn for a whole flow, and scalars of all its points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from vcnn.flow.field import FlowField

_LATENT = re.compile(r"latent_\d+")


def latents_of(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names of scalars that are latent variables: ``latent_1`` and so on."""
    return tuple(name for name in names if _LATENT.fullmatch(name))


def without_latents(names: Iterable[str]) -> tuple[str, ...]:
    """The names of scalars that are none."""
    return tuple(name for name in names if not _LATENT.fullmatch(name))


def with_latents(flow: FlowField, names: Sequence[str], values: Sequence[float] = ()) -> FlowField:
    """A flow with latent variables: what is given; else what it has, or 0, their mean.

    Parameters
    ----------
    flow : FlowField
    names : sequence of str
        Of the latent variables.
    values : one number each, optional
    """
    drawn = dict(zip(names, values, strict=True)) if len(values) else {}
    missing = {
        name: np.full(len(flow), drawn.get(name, 0.0))
        for name in names
        if name in drawn or name not in flow.scalars
    }
    return replace(flow, scalars={**flow.scalars, **missing}) if missing else flow
