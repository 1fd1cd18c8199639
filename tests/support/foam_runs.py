"""OpenFOAM run by tests: a channel that a force drives, its closure answered by a fake worker."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import numpy as np

import meshes
from meshes import read_openfoam, write_openfoam
from vcnn import FlowField

FAKE = Path(__file__).parents[1] / "openfoam" / "fake_worker.py"
NU, FORCE = 0.01, 0.08  # U = 0.125 FORCE / NU in the middle where there is no turbulence

_SCHEMES = """
ddtSchemes { default DDT; }
gradSchemes { default Gauss linear; }
divSchemes
{
    default Gauss linear;
    div(phi,U) BOUNDED Gauss linear;
    div(phi,k) BOUNDED Gauss upwind;
    div(phi,omega) BOUNDED Gauss upwind;
}
laplacianSchemes { default Gauss linear corrected; }
interpolationSchemes { default linear; }
snGradSchemes { default corrected; }
wallDist { method meshWave; }
"""
_SOLUTION = """
solvers
{
    p { solver PCG; preconditioner DIC; tolerance 1e-13; relTol 0.1; maxIter 5; }
    ".*" { solver smoothSolver; smoother symGaussSeidel; tolerance 1e-13; relTol 0; maxIter 200; }
}
SIMPLE { pRefCell 0; pRefValue 0; residualControl { CONTROL } }
PIMPLE { pRefCell 0; pRefValue 0; nCorrectors 2; nOuterCorrectors 1; }
relaxationFactors { fields { p 0.3; } equations { ".*" RELAXED; } }
"""
_CONTROL = """
application simpleFoam;
startFrom latestTime;
startTime 0;
stopAt endTime;
endTime END;
deltaT DELTA;
writeControl timeStep;
writeInterval STEPS;
writeFormat ascii;
writePrecision 17;
runTimeModifiable no;
libs ("LIBRARY");
"""
_FORCE = """
force
{
    type vectorSemiImplicitSource;
    selectionMode all;
    volumeMode specific;
    injectionRateSuSp { U ((FORCE 0 0) 0); }
}
"""
_DECOMPOSE = "numberOfSubdomains 2; method simple; simpleCoeffs { n (2 1 1); delta 0.001; }\n"


_PATIENCE = ("--mca", "mpi_yield_when_idle", "1")  # ranks that wait leave the core to others


@dataclass(frozen=True)
class Foam:
    """OpenFOAM of this machine with the library built for it."""

    library: Path
    environment: dict

    def run(self, case, *command, ranks=1, timeout=120):
        """A finished program of OpenFOAM in a case; ``log`` there gets what it says."""
        with (case / "log").open("a", encoding="utf-8") as log:
            return subprocess.run(
                self.command(*command, ranks=ranks),
                cwd=case,
                env=self.environment,
                stdout=log,
                stderr=log,
                timeout=timeout,
            )

    def start(self, case, *command, ranks=1):
        """A program of OpenFOAM that runs."""
        with (case / "log").open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                self.command(*command, ranks=ranks),
                cwd=case,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def command(self, *command, ranks):
        """A command, by the mpirun that OpenFOAM was built with: another one may come first."""
        if ranks == 1:
            return command
        own = "/usr/bin/mpirun"
        mpirun = own if os.access(own, os.X_OK) else which("mpirun")
        options = ("--allow-run-as-root", "--oversubscribe", *_PATIENCE, "-n", str(ranks))
        return [mpirun, *options, *command, "-parallel"]


def write_channel(
    case,
    foam,
    closure,
    ras="vcnn",
    fields=None,
    steps=200,
    control="",
    transient=False,
    **coefficients,
):
    """A channel between y = 0 and 1 along x, 4 x 8 cells, and a RAS model with its coefficients.

    Pressure and the velocity across vanish, so that their residuals are noise: 200 steps bring the
    velocity along to 1e-8, ``control`` can end a run before.
    """
    mesh = meshes.channel(0.5, 1.0, cells=(4, 8))
    centres = meshes.cell_centres(mesh)
    values = {"pressure": 0.0, "eddy_viscosity": 0.0, **(fields or {})}
    flow = FlowField(
        centres,
        np.zeros_like(centres),
        weights=meshes.cell_volumes(mesh),
        scalars={name: np.full(len(centres), value) for name, value in values.items()},
        periods=[(0.5, 0)],
        parameters={"viscosity": NU},
        mesh=mesh,
        location="cell",
        provenance={"walls": ["bottom", "top"]},
    )
    write_openfoam(flow, case, fields={"pressure": "p", "eddy_viscosity": "nut"})
    nut = case / "0" / "nut"  # an eddy viscosity up to the walls, as the exact solutions have it
    text = re.sub(r"type fixedValue; value[^;]*;", "type zeroGradient;", nut.read_text())
    nut.write_text(text)
    delta = 0.25 if transient else 1
    kind = {"DDT": "Euler", "BOUNDED": ""} if transient else {"DDT": "steadyState"}
    texts = {
        "system/controlDict": fill(
            _CONTROL, END=steps * delta, STEPS=steps, DELTA=delta, LIBRARY=foam.library
        ),
        "system/fvSchemes": fill(_SCHEMES, **{"BOUNDED": "bounded", **kind}),
        "system/fvSolution": fill(_SOLUTION, CONTROL=control, RELAXED=1 if transient else 0.7),
        "system/fvOptions": fill(_FORCE, FORCE=FORCE),
        "system/decomposeParDict": _DECOMPOSE,
        "constant/turbulenceProperties": _turbulence(ras, {"model": closure, **coefficients}),
    }
    for name, text in texts.items():
        put(case / name, text)
    return case


def _turbulence(ras, coefficients):
    values = {"python": FAKE, "every": 1, "relaxation": 1, **coefficients}
    lines = [
        f'{key} "{value}";' if key in ("model", "python") else f"{key} {value};"
        for key, value in values.items()
    ]
    text = "simulationType RAS;\nRAS { RASModel MODEL; turbulence on; MODELCoeffs { LINES } }\n"
    return fill(text, MODEL=ras, LINES=" ".join(lines))


def fill(text, **words):
    """A text with words in capitals replaced."""
    for word, value in words.items():
        text = re.sub(rf"{word}(?=\W|Coeffs)", lambda _, new=str(value): new, text)
    return text


def put(path, text):
    """A dictionary of OpenFOAM."""
    head = f"FoamFile {{ version 2.0; format ascii; class dictionary; object {path.name}; }}\n"
    path.write_text(head + text, encoding="utf-8")


def solution(case):
    """The flow of the last time, and the heights of its cells above the floor."""
    flow = read_openfoam(case, fields={"eddy_viscosity": "nut"})
    return flow, flow.points[:, 1]


def call_lines(case):
    """What the log says about the calls of the closure."""
    log = (case / "log").read_text(encoding="utf-8")
    return re.findall(r"^vcnn: call .*$", log, re.M)
