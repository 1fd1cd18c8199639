"""Cases that OpenFOAM could run, small ones with all their dictionaries."""

from pathlib import Path

from openfoam.case.apply import ClosureInCase
from tests.support.foam_cases import BoxCase
from vcnn import Closure, RegionOfInfluence, Scales, VectorCloudNetwork

LIBRARY = Path("/l/1912/libvcnnFoam.so")
SETTINGS = ClosureInCase("/m/a.safetensors", LIBRARY, Path("/v/python"))
KINDS = {
    "eddy_viscosity": ("positive_scalar", (0.01, 0.01)),
    "correction": ("positive_scalar", (1.0, 0.5)),
    "anisotropy": ("traceless_symmetric_tensor", (0.0, 0.01)),
    "reynolds_stress": ("reynolds_stress", (0.0, 0.01)),
    "pressure": ("scalar", (0.0, 1.0)),
}

TURBULENCE = """FoamFile { format ascii; class dictionary; object turbulenceProperties; }

// which model
simulationType  RAS;    // not laminar

RAS
{
    RASModel        kOmegaSST;  // of Menter
    turbulence      on;

    printCoeffs     on;
}
"""
CONTROL = """FoamFile { version 2.0; format ascii; class dictionary; object controlDict; }
application     simpleFoam;
startFrom       latestTime;
startTime       0;
stopAt          endTime;
endTime         500;
deltaT          1;
writeInterval   100;

functions
{
    #includeFunc residuals
}

// ************************************************************************* //
"""
SCHEMES = """FoamFile { version 2.0; format ascii; class dictionary; object fvSchemes; }
ddtSchemes { default steadyState; }
gradSchemes { default Gauss linear; }
divSchemes
{
    default         none;
    div(phi,U)      bounded Gauss linearUpwind grad(U);
    div((nuEff*dev2(T(grad(U))))) Gauss linear; /* viscous */
}
laplacianSchemes { default Gauss linear corrected; }
"""
SOLUTION = """FoamFile { version 2.0; format ascii; class dictionary; object fvSolution; }
solvers
{
    p { solver PCG; preconditioner DIC; tolerance 1e-9; relTol 0.01; }
    "(U|k|omega)" { solver PBiCG; preconditioner DILU; tolerance 1e-9; relTol 0.01; }
}
SIMPLE
{
    nNonOrthogonalCorrectors 0;
    residualControl { U 1e-6; p 1e-5; }
}
"""
FILES = {
    "constant/turbulenceProperties": TURBULENCE,
    "system/controlDict": CONTROL,
    "system/fvSchemes": SCHEMES,
    "system/fvSolution": SOLUTION,
}
_SCALAR = """FoamFile {{ version 2.0; format ascii; class volScalarField; object {name}; }}
dimensions [{dimensions}];
internalField uniform {value};
boundaryField
{{
    inlet {{ type cyclic; }}
    outlet {{ type cyclic; }}
    "(floor|lid)" {{ type {wall}; value uniform 0; }}
    back {{ type empty; }}
    front {{ type empty; }}
}}
"""


def scalar_text(name, dimensions="0 2 -1 0 0 0 0", value=0, wall="fixedValue"):
    """The file of a uniform field of a `BoxCase`."""
    return _SCALAR.format(name=name, dimensions=dimensions, value=value, wall=wall)


def write_run(folder, box=None, wall="fixedValue", time="0", **files):
    """A `BoxCase` with fields of a RAS model and dictionaries, some of them given by name."""
    (box or BoxCase()).write(folder, time=time)
    for name, dimensions in (
        ("nut", "0 2 -1 0 0 0 0"),
        ("k", "0 2 -2 0 0 0 0"),
        ("omega", "0 0 -1 0 0 0 0"),
    ):
        (folder / time / name).write_text(scalar_text(name, dimensions, wall=wall))
    for name, text in FILES.items():
        (folder / name).write_text(files.get(name.rpartition("/")[2], text))
    return folder


def contents(folder):
    """Name -> what is in it, of all files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def closure_of(*targets, scalars=("wall_distance",), dimension=2, radius=0.4, **options):
    """A closure with random weights that predicts quantities of `KINDS`."""
    outputs, scales = zip(*(KINDS[name] for name in targets), strict=True)
    network = VectorCloudNetwork(
        scalars, output=list(outputs), fits=0, channels=4, hidden=4, fitting=(4,), seed=1
    )
    scaling = Scales(scalars=dict.fromkeys(scalars, (1.0, 1.0)), targets=scales)
    region = RegionOfInfluence.ball(radius)
    return Closure(network.eval(), region, targets, dimension, scaling, **options)
