"""The page on a flow: what came out, in words, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from meshes.report.attempts import Attempts
from meshes.report.fields import field_section
from meshes.report.members import member_sections
from meshes.report.pictures import (
    draw_curves,
    velocity_profiles,
    wall_curves,
)
from meshes.report.summary import CLOSED, FlowSummary
from meshes.report.verdict import difference_words, flow_verdict, reynolds_words
from vcnn.evaluation.report.page import Section, write_page


def write_report(run: FlowSummary, directory: Path) -> Path:
    """Write the page, its pictures and ``report.json`` into the folder of the run; on one rank.

    What cannot be drawn is named on the page instead.

    Returns
    -------
    Path of the page
    """
    dimension = run.flow.dimension
    introduction = (
        f"Steady flow in {'a plane' if dimension == 2 else 'space'}, kinematic viscosity "
        f"{run.viscosity:g}, on {len(run.flow):,} cells {run.method}"
        f"{_stress_words(run)}. Coefficients and profiles refer to the velocity U = "
        f"{run.speed:.6g}."
    )
    attempt = Attempts()
    sections = [
        field_section(run, attempt),
        *_profile_section(run, attempt),
        *_wall_section(run, attempt),
        *member_sections(run, attempt),
        _flux_section(run),
        *_wall_units_section(run),
        _force_section(run),
        _convergence_section(run, attempt),
    ]

    def write(sections: list[Section], failures: Mapping[str, str]) -> Path:
        """The page with these sections, and one on what failed."""
        return write_page(
            directory,
            _title(run),
            flow_verdict(run),
            introduction,
            [*sections, *_failure_section(failures)],
            {**run.numbers(), "failures": dict(failures)},
            force=True,
        )

    failures = {**run.failures, **attempt.failures}
    path = attempt("page with pictures", lambda: write(sections, failures), None)
    if path is None:
        words = [replace(section, figures={}) for section in sections]
        path = write(words, {**failures, **attempt.failures})
    return path


def _title(run) -> str:
    kind = "Laminar flow" if run.closure == "laminar" else f"Flow with {Path(run.closure).stem}"
    return kind if run.reynolds is None else f"{kind}, Re = {run.reynolds.number:.4g}"


def _stress_words(run) -> str:
    if run.closure == "laminar":
        return ", laminar"
    return f", with the turbulent stress of {run.closure}"


def _profile_section(run, attempt) -> list[Section]:
    if not run.profiles:
        return []
    text = ""
    if run.error is not None:
        text = (
            f"{difference_words(run)}: relative L2 norm over the points of the reference, with its "
            "quadrature weights. Circles are interpolated between these points."
        )

    def draw() -> Figure:
        """The profiles."""
        return velocity_profiles(
            run.profiles,
            run.comparison.profiles,
            speed=run.speed,
            name=_reference_name(run),
            bands=() if run.bands is None else run.bands.profiles,
        )

    figures = attempt.draw({"Velocity along x at the stations.": draw})
    return [Section("Velocity profiles", text, figures=figures)]


def _wall_section(run, attempt) -> list[Section]:
    if not run.walls:
        return []
    rows = [
        [
            name,
            f"{w.skin_friction.min():.4g}",
            f"{w.skin_friction.max():.4g}",
            _places(w.separation),
            _places(w.reattachment),
        ]
        for name, w in run.walls.items()
    ]
    friction, text = run.comparison.friction, ""
    if any(np.isfinite(values).any() for values in friction.values()):
        text = (
            " Circles are read off the velocities of the reference next to the wall, where they "
            "are given in its viscous sublayer."
        )

    def draw() -> Figure:
        """The curves."""
        bands = {} if run.bands is None else run.bands.friction
        return wall_curves(run.walls, friction, _reference_name(run), bands)

    return [
        Section(
            "Along the walls",
            "Skin friction and pressure over U²/2. The flow separates where the skin friction "
            f"turns negative and reattaches where it turns positive.{text}",
            ["wall", "lowest c_f", "highest c_f", "separation at x", "reattachment at x"],
            rows,
            attempt.draw({"Skin friction and pressure coefficient.": draw}),
        )
    ]


def _force_section(run) -> Section:
    rows = [[name, *(f"{x:.5g}" for x in force)] for name, force in run.forces.items()]
    header = ["wall", *(f"along {axis}" for axis in "xyz"[: run.flow.dimension])]
    return Section(
        "Forces",
        "Of the fluid on the walls, over its density: pressure and friction.",
        header,
        rows,
    )


def _flux_section(run) -> Section:
    rows = [
        [name, run.boundaries[name], f"{flux:+.8g}"]
        for name, flux in run.fluxes.items()
        if run.boundaries[name] not in CLOSED
    ]
    text = (
        "∫ u·n ds of the discrete velocity, negative where more enters than leaves; together they "
        f"are {sum(run.fluxes.values()):.1e}, through walls and planes of symmetry pass "
        f"{_closed_flux(run, rows):.1e}."
    )
    if run.reynolds is not None:
        text += f" The Reynolds number is {reynolds_words(run)}."
    return Section("Through the boundaries", text, ["boundary", "kind", "flux outwards"], rows)


def _closed_flux(run, rows) -> float:
    """The largest flux through a boundary that has no row."""
    open_ones = {row[0] for row in rows}
    return max((abs(flux) for name, flux in run.fluxes.items() if name not in open_ones), default=0)


def _wall_units_section(run) -> list[Section]:
    cells = run.first_cells
    if not cells.units:
        return []
    rows = [
        [
            name,
            f"{units.largest:.3g}",
            f"{units.mean:.3g}",
            "too high" if name in cells.coarse else "",
        ]
        for name, units in cells.units.items()
    ]
    return [Section("The first cells", cells.text, ["wall", "largest y⁺", "mean y⁺", ""], rows)]


def _failure_section(failures) -> list[Section]:
    if not failures:
        return []
    rows = [[name, reason] for name, reason in failures.items()]
    text = "The flow is solved and saved; of what is read off it this failed."
    return [Section("What could not be made", text, ["part", "reason"], rows)]


def _convergence_section(run, attempt) -> Section:
    progress, drawings = run.progress, {}
    if progress.sizes or progress.shares:
        drawings["How the iteration went."] = lambda: draw_curves(
            progress.sizes, progress.shares, progress.counted
        )
    return Section("Convergence", progress.text, figures=attempt.draw(drawings))


def _reference_name(run) -> str:
    return "" if run.reference is None else run.reference.name


def _places(points) -> str:
    return ", ".join(f"{point[0]:.4g}" for point in points) or "–"
