"""Flows that simpleFoam computes with a closure in the loop, driven by a mean velocity."""

import sys
from pathlib import Path

import numpy as np

import meshes
from meshes import read_openfoam, write_openfoam
from tests.support.foam_runs import fill, put
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
{
    p { solver GAMG; smoother GaussSeidel; tolerance 1e-14; relTol 0.1; }
    "(U|k|omega)" { solver smoothSolver; smoother symGaussSeidel; tolerance 1e-14; relTol 0.1; }
}
SIMPLE
{
    consistent yes; pRefCell 0; pRefValue 0;
    residualControl { CONTROL }
}
relaxationFactors { equations { ".*" 0.9; } }
"""
_CONTROL = """
application simpleFoam;
startFrom latestTime;
startTime 0;
stopAt endTime;
endTime END;
deltaT 1;
writeControl timeStep;
writeInterval INTERVAL;
writeFormat ascii;
writePrecision 17;
runTimeModifiable no;
libs ("LIBRARY");
"""
_DRIVE = """
drive
{
    type meanVelocityForce;
    selectionMode all;
    fields (U);
    Ubar (UBAR);
    relaxation 0.2;
}
"""
_DECOMPOSE = "numberOfSubdomains 2; method simple; simpleCoeffs { n (2 1 1); delta 0.001; }\n"
_SCALAR = """FoamFile {{ version 2.0; format ascii; class volScalarField; object {name}; }}
dimensions [{dimensions}];
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
_MODEL = """simulationType RAS;
RAS
{
    RASModel vcnn; turbulence on; printCoeffs off;
    vcnnCoeffs { model "CLOSURE"; python "PYTHON"; every EVERY; relaxation RELAXATION; }
}
"""


def write_driven(
    case, library, mesh, viscosity, bulk, closure, *, angle=0.0, tolerance=1e-6, every=20,
    relaxation=0.5, steps=3000, controlled=("U", "p", "nut"),
):  # fmt: skip
    """A periodic case for simpleFoam whose closure the worker answers, turned by an angle."""
    centres = meshes.cell_centres(mesh)
    flow = FlowField(
        centres,
        np.tile([bulk, 0.0], (len(centres), 1)),
        weights=meshes.cell_volumes(mesh),
        scalars={"pressure": np.zeros(len(centres))},
        periods=[(float(np.ptp(mesh.points[:, 0])), 0.0)],
        parameters={"viscosity": viscosity},
        mesh=mesh,
        location="cell",
        provenance={"walls": ["bottom", "top"]},
    )
    c, s = np.cos(angle), np.sin(angle)
    flow = flow.rotated([[c, -s], [s, c]])
    write_openfoam(flow, case, fields={"pressure": "p"})
    control = " ".join(f"{name} {tolerance};" for name in controlled)
    settings = {"CLOSURE": closure, "PYTHON": sys.executable, "EVERY": every}
    texts = {
        "system/controlDict": control_text(library, steps),
        "system/fvSchemes": _SCHEMES,
        "system/fvSolution": fill(_SOLUTION, CONTROL=control),
        "system/fvOptions": fill(_DRIVE, UBAR=f"{float(bulk * c)!r} {float(bulk * s)!r} 0"),
        "system/decomposeParDict": _DECOMPOSE,
        "constant/turbulenceProperties": fill(_MODEL, RELAXATION=relaxation, **settings),
    }
    for name, text in texts.items():
        put(Path(case) / name, text)
    write_wall_field(case, "0", "nut", "0 2 -1 0 0 0 0", np.zeros(len(centres)))
    return case


def control_text(library, end):
    """The file system/controlDict of a run that writes its last time."""
    return fill(_CONTROL, END=end, INTERVAL=end, LIBRARY=library)


def write_wall_field(case, time, name, dimensions, values, wall="fixedValue; value uniform 0"):
    """A scalar of the cells, with values at walls."""
    rows = "\n".join(map(repr, np.asarray(values).tolist()))
    conditions = {"bottom": wall, "top": wall, "inlet": "cyclic", "outlet": "cyclic"}
    conditions["sides"] = "empty"
    patches = "\n".join(f"{patch} {{ type {kind}; }}" for patch, kind in conditions.items())
    text = _SCALAR.format(
        name=name, dimensions=dimensions, count=len(values), rows=rows, patches=patches
    )
    (Path(case) / time / name).write_text(text, encoding="utf-8")


def last_flow(case, angle=0.0):
    """The flow of the last time, turned back."""
    c, s = np.cos(angle), np.sin(angle)
    return read_openfoam(case).rotated([[c, s], [-s, c]])
