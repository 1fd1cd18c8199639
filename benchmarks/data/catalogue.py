"""Which data the benchmarks read, where they lie, and where the originals are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common.paths import data_folder
from vcnn import InputError

CHALLENGE = "github.com/rmcconke/closure-challenge-benchmark"
_CHALLENGE = f"{CHALLENGE} (McConkey et al., The Closure Challenge, doi:10.48550/arXiv.2603.28884)"


@dataclass(frozen=True, eq=False)
class Data:
    """Files of one kind.

    Parameters
    ----------
    title : str
    folder : str
        Of the files, in the folder of all data.
    originals : mapping
        Name of a file without its suffix -> where in the source its case folder is, ""
        where there is none.
    source : str
        The repository, or what there is in place of one.
    cite : str
        What the data rest on.
    suffix : str
        Of the files.
    """

    title: str
    folder: str
    originals: Mapping[str, str] = field(repr=False)
    source: str
    cite: str
    suffix: str = "npz"

    def file(self, name: str) -> Path:
        """Where a file is looked for."""
        return data_folder() / self.folder / f"{name}.{self.suffix}"

    def missing(self, names: Iterable[str] | None = None) -> list[str]:
        """Which of some names, by default of all, have no file."""
        chosen = self.originals if names is None else names
        return [name for name in chosen if not self.file(name).is_file()]

    def require(self, names: Iterable[str] | None = None) -> None:
        """Refuse to begin without the files of some names, by default of all.

        Raises
        ------
        InputError
            For the first that is missing, with the place of its original.
        """
        missing = self.missing(names)
        if missing:
            others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            place = f"{self.source}, {self.originals[missing[0]]}".removesuffix(", ")
            raise InputError(
                f"{self.file(missing[0])}{others}: no such file; the original is in {place}; "
                "'python -m benchmarks.data' says what to do with it"
            )


def _hills(*names: str) -> dict[str, str]:
    """Of hills such as "10_9000_3036"."""
    return {f"alpha_{name}": f"data/Parm_PH_29/alpha_{name[:2]}/alpha_{name}" for name in names}


def _ducts(*names: str) -> dict[str, str]:
    return {f"AR_{name}": f"data/DUCT/AR_{name}" for name in names}


_TENSORS = "examples/water_tensor"
_HILL_TRUTH = "Xiao, Wu, Laizet & Duan, Computers & Fluids 200 (2020), 104431"
_DUCT_TRUTH = "Vinuesa, Schlatter & Nagib, Phys. Rev. Fluids 3 (2018), 054606"

HILLS = Data(
    title="25 periodic hills, 21 of training and 4 of validation: k-omega SST and DNS",
    folder="closure_challenge/train",
    originals={
        **_hills("05_10071_2024", "05_10071_3036", "05_10071_4048", "05_4071_3036"),
        **_hills("05_7071_2024", "05_7071_3036", "05_7071_4048"),
        "alpha_075": "data/Parm_PH_29/alpha_075/alpha_075",
        **_hills("10_12000_2024", "10_12000_3036", "10_12000_4048"),
        **_hills("10_6000_2024", "10_6000_3036", "10_6000_4048"),
        **_hills("10_9000_2024", "10_9000_3036", "10_9000_4048"),
        "alpha_125": "data/Parm_PH_29/alpha_125/alpha_125",
        **_hills("15_10929_2024", "15_10929_3036", "15_10929_4048", "15_13929_3036"),
        **_hills("15_7929_2024", "15_7929_3036", "15_7929_4048"),
    },
    source=_CHALLENGE,
    cite=f"{_HILL_TRUTH}; github.com/xiaoh/para-database-for-PIML",
)
DUCTS = Data(
    title="5 rectangular ducts at Re_tau 180: k-omega SST and DNS",
    folder="closure_challenge/train",
    originals=_ducts("1_Ret_180", "3_Ret_180", "5_Ret_180", "7_Ret_180", "10_Ret_180"),
    source=_CHALLENGE,
    cite=_DUCT_TRUTH,
)
OPENINGS = Data(
    title="2 test flows with inlet and outlet, a curved step and a hump: k-omega SST, no truth",
    folder="closure_challenge/test_inputs",
    originals={"CBFS13700": "data/CBFS", "NASA_2DWMH": "data/NASA_2DWMH"},
    source=_CHALLENGE,
    cite="turbmodels.larc.nasa.gov: Other_LES_Data/curvedstep.html, nasahump_val.html",
)
CLOSED = Data(
    title="8 test flows over hills and in ducts: k-omega SST, no truth",
    folder="closure_challenge/test_inputs",
    originals={
        **_hills("05_4071_2024", "05_4071_4048", "15_13929_2024", "15_13929_4048"),
        **_ducts("1_Ret_360", "3_Ret_360", "14_Ret_180"),
        "PHLL10595": "data/PH_Breuer",
    },
    source=_CHALLENGE,
    cite=f"{_HILL_TRUTH}; {_DUCT_TRUTH}",
)
SEPARATIONS = Data(
    title="a hill at Re_h 10,595 and a curved step, of validation: k-omega SST and LES",
    folder="closure_challenge/train",
    originals={"PHLL10595": "data/PH_Breuer", "CBFS13700": "data/CBFS"},
    source=_CHALLENGE,
    cite="Breuer, Peller, Rapp & Manhart, Computers & Fluids 38 (2009), 433; "
    "turbmodels.larc.nasa.gov: Other_LES_Data/curvedstep.html",
)
CHANNELS = Data(
    title="plane channels at Re_tau 180, 550, 950 and 2000: DNS",
    folder="channels",
    originals={f"Re{number}": "" for number in (180, 550, 950, 2000)},
    source="torroja.dmt.upm.es/channels",
    cite="del Alamo & Jimenez, Phys. Fluids 15 (2003), L41; del Alamo, Jimenez, Zandonade & Moser, "
    "J. Fluid Mech. 500 (2004), 135; Hoyas & Jimenez, Phys. Fluids 18 (2006), 011702",
    suffix="prof",
)
PLATE = Data(
    title="friction along a flat plate: an experiment",
    folder="flat_plate",
    originals={"wieghardt1951_u17.8_cf_vs_x": ""},
    source="no publication that can be read (digitised)",
    cite="Wieghardt & Tillmann, NACA TM 1314 (1951)",
    suffix="csv",
)
SST_HILL = Data(
    title="a hill at Re_h 10,595 by k-omega SST",
    folder="openfoam",
    originals={"rans_kOmegaSST_alpha1.00": ""},
    source="no publication (a run of this project with OpenFOAM 1912, 160 x 160 cells)",
    cite="",
)
LAMINAR_HILLS = Data(
    title="laminar hills at Re 100, converged, of first and second order",
    folder="openfoam",
    originals={f"foam_alpha{name}": "" for name in ("1.00_linearUpwind", "1.00", "1.50", "2.00")},
    source="no publication (runs of this project with OpenFOAM 1912 from the case below)",
    cite="",
)
PUBLISHED_HILL = Data(
    title="the laminar hill of the first publication",
    folder="published",
    originals={"alpha_1.00": "scalar-transport/transport_1"},
    source="github.com/ZhouXH-git/VCNN-nonlocal-constitutive-model",
    cite="Zhou, Han & Xiao, Comput. Methods Appl. Mech. Engrg. 388 (2022), 114211",
)
CRYSTALS = Data(
    title="atoms of Li, Mo, Si and Ge: energies and forces by density functional theory",
    folder="atoms/mlearn/data",
    originals={f"{element}/training": f"data/{element}" for element in ("Mo", "Ge", "Li", "Si")},
    source="github.com/materialsvirtuallab/mlearn",
    cite="Zuo et al., J. Phys. Chem. A 124 (2020), 731",
    suffix="json",
)
WATER_TENSORS = Data(
    title="dipoles and polarizabilities of molecules in liquid water",
    folder="atoms/deepmd-water/examples/water_tensor",
    originals={
        f"{folder}/{use}_data_reformat/atomic_system/type": f"{_TENSORS}/{folder}"
        for folder in ("dipole", "polar")
        for use in ("training", "validation")
    },
    source="github.com/deepmodeling/deepmd-kit",
    cite="",
    suffix="raw",
)
ALL = (
    HILLS,
    DUCTS,
    CLOSED,
    OPENINGS,
    SEPARATIONS,
    CHANNELS,
    PLATE,
    SST_HILL,
    LAMINAR_HILLS,
    PUBLISHED_HILL,
    CRYSTALS,
    WATER_TENSORS,
)


@dataclass(frozen=True)
class Needs:
    """What a benchmark does not begin without, and what it uses if it is there."""

    required: tuple[Data, ...] = ()
    optional: tuple[Data, ...] = ()


NEEDS = {
    "benchmarks.atoms.crystals": Needs((CRYSTALS,)),
    "benchmarks.atoms.elastic": Needs(),
    "benchmarks.atoms.water_tensors": Needs((WATER_TENSORS,)),
    "benchmarks.challenge.duct_closure": Needs((DUCTS,)),
    "benchmarks.challenge.settling": Needs((DUCTS, CLOSED, OPENINGS)),
    "benchmarks.challenge.shipped_usage": Needs(),
    "benchmarks.challenge.study": Needs((HILLS, DUCTS)),
    "benchmarks.challenge.bands": Needs((HILLS, DUCTS, SEPARATIONS, CHANNELS, CLOSED, OPENINGS)),
    "benchmarks.challenge.submission": Needs(
        (HILLS, DUCTS, SEPARATIONS, CHANNELS, CLOSED, OPENINGS)
    ),
    "benchmarks.in_the_loop.adjoint": Needs((HILLS,)),
    "benchmarks.in_the_loop.study": Needs((HILLS, SST_HILL)),
    "benchmarks.networks.clouds": Needs(),
    "benchmarks.networks.frame_rotation": Needs(),
    "benchmarks.networks.published_transport": Needs((), (LAMINAR_HILLS, PUBLISHED_HILL)),
    "benchmarks.networks.speed": Needs(),
    "benchmarks.networks.reynolds_stress": Needs((HILLS,)),
    "benchmarks.networks.targets": Needs(),
    "benchmarks.openfoam.study": Needs((DUCTS,)),
    "benchmarks.particles.stochastic_bodies": Needs(),
    "benchmarks.travelling.card": Needs(),
    "benchmarks.travelling.imposed": Needs((HILLS,)),
    "benchmarks.travelling.learning": Needs((HILLS, DUCTS, SEPARATIONS, CHANNELS)),
    "benchmarks.travelling.study": Needs((HILLS, DUCTS, SEPARATIONS, CHANNELS)),
    "benchmarks.travelling.models": Needs((HILLS, DUCTS, SEPARATIONS, CHANNELS)),
    "benchmarks.travelling.members": Needs((HILLS, DUCTS, SEPARATIONS, CHANNELS)),
    "benchmarks.travelling.how_sure": Needs((HILLS, DUCTS, SEPARATIONS)),
    "benchmarks.travelling.walls": Needs((HILLS, SEPARATIONS)),
    "benchmarks.verification.circular_couette": Needs(),
    "benchmarks.verification.cylinder": Needs(),
    "benchmarks.verification.ducts": Needs((DUCTS,)),
    "benchmarks.verification.flat_plate": Needs((PLATE,)),
    "benchmarks.verification.k_omega_sst": Needs((HILLS, DUCTS, SEPARATIONS)),
    "benchmarks.verification.large_transport": Needs(),
    "benchmarks.verification.openings": Needs((OPENINGS,)),
    "benchmarks.verification.study": Needs((), (HILLS, LAMINAR_HILLS)),
    "benchmarks.verification.turbulence": Needs((HILLS,)),
}


def require(benchmark: str) -> None:
    """Refuse to begin a benchmark without its data.

    Raises
    ------
    InputError
        As `Data.require`.
    """
    for data in NEEDS[benchmark].required:
        data.require()
