"""The fields of flows: of each its kind, dimension and meaning, and who makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vcnn.errors import InputError, suggest
from vcnn.flow.spreads import split_spread

# kind of a field -> heads of networks whose values are such fields (:data:`vcnn.network.OUTPUTS`)
HEADS = {
    "scalar": ("scalar", "positive_scalar"),
    "vector": ("vector",),
    "tensor": ("symmetric_tensor", "traceless_symmetric_tensor", "reynolds_stress", "covariance"),
}
SOURCES = {
    "points": "an item of every FlowField",
    "mesh": "made of the mesh and its walls",
    "solver": "a field of every flow that is solved",
    "model": "a field of flows with a turbulence model, a scalar or a closure",
    "case": "a number of the whole flow",
    "file": "a field of other codes' files",
    "closure": "what closures predict, or are told besides",
    "training": "a weight in training, or what is said of a prediction",
}


@dataclass(frozen=True)
class Quantity:
    """What a field or a number of a flow is.

    Parameters
    ----------
    name : str
    kind : {"scalar", "vector", "tensor"}
        Of its values at points.
    powers : (int, int)
        Of length and of velocity, its dimension.
    meaning : str
        One phrase.
    sources : tuple of str
        Who makes it, keys of `SOURCES`.
    aliases : tuple of str
        Further names, those of other codes.
    follows_flow : bool
        Whether it changes with the velocity.
    heads : tuple of str
        Heads of networks that it may be predicted with; by default all of its kind.
    """

    name: str
    kind: str
    powers: tuple[int, int]
    meaning: str
    sources: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    follows_flow: bool = True
    heads: tuple[str, ...] = ()

    def __post_init__(self):
        if not self.heads:
            object.__setattr__(self, "heads", HEADS[self.kind])

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return (self.name, *self.aliases)

    @property
    def rank(self) -> int:
        """How many indices a value has, 0 to 2."""
        return list(HEADS).index(self.kind)

    @property
    def dimension(self) -> str:
        """In words, such as "length velocity" or "velocity / length"."""
        words = list(zip(("length", "velocity"), self.powers, strict=True))
        above = [word + "²" * (power == 2) for word, power in words if power > 0]
        below = [word + "²" * (power == -2) for word, power in words if power < 0]
        return " / ".join([" ".join(above) or "1", *below])


def _row(name, kind, powers, meaning, sources, *aliases, **options) -> Quantity:
    return Quantity(name, kind, powers, meaning, tuple(sources.split()), aliases, **options)


_FIXED = {"follows_flow": False}
_ROWS = (
    # items of every flow, and what its mesh says
    _row("points", "vector", (1, 0), "positions", "points", "centres", **_FIXED),
    _row("area", "scalar", (2, 0), "areas of cells", "file", "areas", **_FIXED),
    _row("velocity", "vector", (0, 1), "mean velocity u", "points", "U"),
    # fields of a flow that is solved
    _row("pressure", "scalar", (0, 2), "kinematic pressure p", "solver"),
    _row("strain_rate", "scalar", (-1, 1), "rate of strain |S| = √2 |sym ∇u|", "solver"),
    _row("boundary", "scalar", (0, 0), "1 at walls, 0 elsewhere", "mesh", **_FIXED),
    _row("velocity_gradient", "tensor", (-1, 1), "∂u_j/∂x_i at [i, j]", "solver"),
    _row("wall_distance", "scalar", (1, 0), "distance d to the nearest wall", "mesh", **_FIXED),
    # numbers of a flow; ν and D are fields where they vary
    _row("viscosity", "scalar", (1, 1), "kinematic viscosity ν", "case model", "nu"),
    _row("bulk_velocity", "scalar", (0, 1), "mean velocity along the drive", "case"),
    _row("pressure_gradient", "vector", (-1, 2), "∇p; as a number the drive", "case file"),
    _row("slope", "scalar", (0, 0), "slope parameter α of hills", "case", "alpha"),
    _row("height", "scalar", (1, 0), "height of a bump", "case"),
    _row("aspect", "scalar", (0, 0), "length over width of a bump", "case"),
    _row("yaw", "scalar", (0, 0), "angle of a bump to the flow, degrees", "case"),
    _row("station", "scalar", (1, 0), "where a profile is, its x", "case"),
    # turbulence
    _row("eddy_viscosity", "scalar", (1, 1), "eddy viscosity ν_t", "model closure", "nut", "nu_t"),
    _row(
        "anisotropy",
        "tensor",
        (0, 2),
        "anisotropy a, the deviator of <u'u'> being a − 2 ν_t S",
        "model closure",
        heads=("symmetric_tensor", "traceless_symmetric_tensor"),
    ),
    _row(
        "reynolds_stress",
        "tensor",
        (0, 2),
        "Reynolds stress <u'u'>",
        "closure file",
        heads=("symmetric_tensor", "reynolds_stress"),
    ),
    _row("spanwise_stress", "scalar", (0, 2), "<w'w'> across a plane flow", "closure file"),
    _row("turbulent_kinetic_energy", "scalar", (0, 2), "kinetic energy k", "model file", "k"),
    _row("specific_dissipation", "scalar", (-1, 1), "specific dissipation ω", "file", "omega"),
    _row("turbulent_time_scale", "scalar", (1, -1), "time scale 1/ω of turbulence", "model"),
    _row("modified_viscosity", "scalar", (1, 1), "ν̃ of Spalart and Allmaras", "model"),
    _row("mixing_length", "scalar", (1, 0), "mixing length l_m", "model"),
    _row("wall_shear_stress", "vector", (0, 2), "friction on walls over the density", "file"),
    # a correction of another model's eddy viscosity, and what it sees
    _row("correction", "scalar", (0, 0), "β in ν_t = β ν₀", "closure", "beta"),
    _row(
        "relative_anisotropy",
        "tensor",
        (0, 0),
        "anisotropy a over k of another model",
        "closure",
        heads=("symmetric_tensor", "traceless_symmetric_tensor"),
    ),
    _row("layer", "scalar", (0, 0), "1 − exp(−d/δ), finer near walls", "closure", **_FIXED),
    # a model's turbulence as corrections are told of it, ratios x between 0 and 1
    _row("wall_turbulence", "scalar", (0, 0), "√k d/ν as x / (50 + x)", "closure"),
    _row("viscosity_ratio", "scalar", (0, 0), "ν_t/ν as x / (10 + x)", "closure"),
    _row("strain_ratio", "scalar", (0, 0), "|S|/ω as x / (0.3 + x)", "closure"),
    _row("length_ratio", "scalar", (0, 0), "√k/(β* ω d) as x / (2.5 + x)", "closure"),
    _row("energy_ratio", "scalar", (0, 0), "k/U² as x / (1 + x)", "closure"),
    # a scalar that the flow carries
    _row("concentration", "scalar", (0, 0), "concentration c", "model closure"),
    _row("production", "scalar", (-1, 1), "production P of the concentration", "model"),
    _row("diffusivity", "scalar", (1, 1), "diffusivity D of the concentration", "case model"),
    _row("decay", "scalar", (-1, 1), "rate ζ at which it decays", "case"),
    # about closures
    _row("importance", "scalar", (0, 0), "what errors at a point count for", "training"),
    _row("extrapolation", "scalar", (0, 0), "distance to the clouds of training", "training"),
    _row("clipped", "scalar", (0, 0), "where a prediction was cut: −1, 0 or 1", "training"),
)
QUANTITIES = {row.name: row for row in _ROWS}
_BY_NAME = {name: row for row in _ROWS for name in row.names}


def find_quantity(name: str) -> Quantity | None:
    """The quantity of this name, with anything before it or not: "nut" and "sst_nut" are ν_t."""
    while name not in _BY_NAME:
        _, underscore, name = name.partition("_")
        if not underscore:
            return None
    return _BY_NAME[name]


def follows_flow(name: str) -> bool:
    """Whether a field changes with the velocity; one that is not known may."""
    row = find_quantity(name)
    return row is None or row.follows_flow


def in_words(name: str) -> str:
    """A field's name in words, for pictures and tables."""
    return name.replace("_", " ")


def parameter_name(name: str) -> str:
    """What a number of a whole flow is called here; other codes' "nu" is the "viscosity"."""
    row = _BY_NAME.get(name)
    return row.name if row is not None and "case" in row.sources else name


def fields_while_solving(walls: bool = True) -> list[str]:
    """Fields of a flow that is being solved; the distance to walls is one where there are any."""
    rows = [row for row in _ROWS if {"mesh", "solver"} & set(row.sources)]
    return [row.name for row in rows if walls or row.name != "wall_distance"]


def factors(names: Iterable[str], length: float, velocity: float) -> dict[str, float]:
    """What fields of these names are multiplied with when their units of length and velocity are.

    Raises
    ------
    InputError
        If a number is not positive, or a field is not known.
    """
    for name, value in (("length", length), ("velocity", velocity)):
        if not 0 < value < float("inf"):
            raise InputError(f"{name}: expected a positive number, got {value!r}")
    by = {}
    for name in names:
        base, power = split_spread(name)
        row = find_quantity(base)
        if row is None:
            raise InputError(
                f"units: the dimension of {name!r} is not known; known are: {', '.join(QUANTITIES)}"
                f"{suggest(name, QUANTITIES)}"
            )
        a, b = row.powers
        by[name] = (length**a * velocity**b) ** power
    return by
