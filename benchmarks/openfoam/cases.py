"""Periodic flows as cases for simpleFoam, with k-ω SST or with a closure."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from meshes import write_openfoam
from meshes.writers.foam_fields import file_text
from vcnn import FlowField

_SCHEMES = """
ddtSchemes { default steadyState; }
gradSchemes { default Gauss linear; }
divSchemes
{
    default Gauss linear;
    div(phi,U) bounded Gauss linearUpwind grad(U);
    div(phi,k) bounded Gauss upwind;
    div(phi,omega) bounded Gauss upwind;
}
laplacianSchemes { default Gauss linear corrected; }
interpolationSchemes { default linear; }
snGradSchemes { default corrected; }
wallDist { method meshWave; }
"""
_SOLUTION = """
solvers
{{
    p {{ solver GAMG; smoother GaussSeidel; tolerance 1e-14; relTol 0.1; }}
    "(U|k|omega)" {{ solver smoothSolver; smoother symGaussSeidel; tolerance 1e-14; relTol 0.1; }}
}}
SIMPLE
{{
    consistent yes;
    pRefCell 0;
    pRefValue 0;
    residualControl
    {{
{control}
    }}
}}
relaxationFactors {{ equations {{ ".*" 0.9; }} }}
"""
_CONTROL = """
application simpleFoam;
startFrom latestTime;
startTime 0;
stopAt endTime;
endTime {end};
deltaT 1;
writeControl timeStep;
writeInterval {end};
writeFormat ascii;
writePrecision 17;
runTimeModifiable no;
libs ("{library}");
"""
_DRIVE = """
drive
{{
    type meanVelocityForce;
    selectionMode all;
    fields (U);
    Ubar ({velocity});
    relaxation 0.2;
}}
"""
_DECOMPOSE = "numberOfSubdomains 2; method simple; simpleCoeffs { n (2 1 1); delta 0.001; }\n"
_TURBULENCE = """simulationType RAS;
RAS
{{
    RASModel {model};
    turbulence on;
    printCoeffs off;
    {model}Coeffs
    {{
{coefficients}
    }}
}}
"""
_SCALAR = """dimensions [{dimensions}];
internalField nonuniform List<scalar>
{count}
(
{rows}
)
;
boundaryField
{{
{patches}
}}
"""
_WALLS = {  # conditions there of fields, the walls being resolved
    "nut": ("0 2 -1 0 0 0 0", "fixedValue; value uniform 0"),
    "k": ("0 2 -2 0 0 0 0", "fixedValue; value uniform 1e-12"),
    "omega": ("0 0 -1 0 0 0 0", "omegaWallFunction; value uniform 1"),
}


@dataclass(frozen=True, eq=False)
class Driven:
    """A flow along a period, driven to a mean velocity.

    Parameters
    ----------
    at_start : FlowField
        At the cells of its mesh, with the period, the viscosity and the names of the walls.
    library : path
        What OpenFOAM loads.
    symmetries : sequence of str
        Boundaries that are planes of symmetry.
    tolerance : float
        Of initial residuals, by which a run ends.
    controlled : sequence of str
        Fields that these are of. Those of what is 0 are noise.
    steps : int
        Iterations at most.
    """

    at_start: FlowField
    library: Path
    symmetries: Sequence[str] = ()
    tolerance: float = 1e-6
    controlled: Sequence[str] = ("U", "p", "nut")
    steps: int = 4000
    walls: Sequence[str] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "walls", tuple(self.at_start.provenance["walls"]))

    def write(self, case: Path, model: str, coefficients: Mapping[str, object]) -> Path:
        """A new case with a RAS model and its coefficients; the folder."""
        flow, case = self.at_start, Path(case)
        pressure = {"pressure": np.zeros(len(flow))}
        write_openfoam(flow.with_fields(scalars=pressure), case, fields={"pressure": "p"})
        velocity = [*flow.velocity.mean(axis=0), 0.0][:3]
        control = _entries(dict.fromkeys(self.controlled, self.tolerance))
        texts = {
            "system/controlDict": control_text(self.library, self.steps),
            "system/fvSchemes": _SCHEMES,
            "system/fvSolution": _SOLUTION.format(control=control),
            "system/fvOptions": _DRIVE.format(velocity=" ".join(f"{v:.17g}" for v in velocity)),
            "system/decomposeParDict": _DECOMPOSE,
            "constant/turbulenceProperties": turbulence_text(model, coefficients),
        }
        for name, text in texts.items():
            put(case / name, text)
        self._set_symmetries(case)
        # that of omega at walls asks for it
        wall = "nutLowReWallFunction; value uniform 0" if model.endswith("OmegaSST") else ""
        self.write_scalar(case, "0", "nut", np.zeros(len(flow)), wall)
        if model == "kOmegaSST":
            self.write_scalar(case, "0", "k", np.full(len(flow), 0.01 * np.dot(velocity, velocity)))
            self.write_scalar(case, "0", "omega", np.full(len(flow), 10.0))
        return case

    def write_scalar(self, case: Path, time: str, name: str, values: np.ndarray, wall: str = ""):
        """A field nut, k or omega (n,) of a time, with what a ``wall`` needs of it."""
        dimensions, usual = _WALLS[name]
        rows = "\n".join(map(repr, np.asarray(values, float).tolist()))
        kinds = dict.fromkeys(self.walls, wall or usual)
        kinds |= dict.fromkeys(self.symmetries, "symmetryPlane")
        kinds |= {"inlet": "cyclic", "outlet": "cyclic", "frontAndBack": "empty"}
        patches = "\n".join(f"{patch} {{ type {kind}; }}" for patch, kind in kinds.items())
        text = _SCALAR.format(dimensions=dimensions, count=len(values), rows=rows, patches=patches)
        put(Path(case) / time / name, text, "volScalarField")

    def _set_symmetries(self, case):
        path = case / "constant" / "polyMesh" / "boundary"
        text = path.read_text(encoding="ascii")
        for name in self.symmetries:
            before, line, after = text.partition(f"    {name}\n")
            text = before + line + after.replace(" patch;", " symmetryPlane;", 1)
            for file in ("U", "p"):
                field_path = case / "0" / file
                lines = field_path.read_text(encoding="ascii")
                old = f"    {name} {{ type zeroGradient; }}"
                new = f"    {name} {{ type symmetryPlane; }}"
                field_path.write_text(lines.replace(old, new), encoding="ascii")
        path.write_text(text, encoding="ascii")


def asking(closure: str, **coefficients: object) -> dict[str, object]:
    """Coefficients of a model that asks a closure with this Python."""
    return {"model": f'"{closure}"', "python": f'"{sys.executable}"', **coefficients}


def turbulence_text(model: str, coefficients: Mapping[str, object]) -> str:
    """The file constant/turbulenceProperties."""
    return _TURBULENCE.format(model=model, coefficients=_entries(coefficients))


def _entries(values) -> str:
    return "\n".join(f"        {key} {value};" for key, value in values.items())


def control_text(library: Path, end: int) -> str:
    """The file system/controlDict of a run that writes its last time."""
    return _CONTROL.format(library=library, end=end)


def put(path: Path, text: str, kind: str = "dictionary") -> None:
    """A file of OpenFOAM."""
    path.write_text(file_text(kind, path.name, text), encoding="utf-8")
