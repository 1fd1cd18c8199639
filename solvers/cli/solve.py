"""The verb ``vcnn solve``."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vcnn.cli.inputs import ANY_MODEL, model_file, read_model
from vcnn.errors import InputError, naming
from vcnn.files import claim, write_text

if TYPE_CHECKING:  # torch and FEniCSx are slow to import
    from solvers.studies.case import Case
    from vcnn.closure.closure import Closure

_OF_A_RUN = (
    "result.json",
    "checkpoint.npz",
    "report.html",
    "report.json",
    "figure_*.png",
    "flow.vtu",
)


def solve(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="TOML file that says which flow.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run.")],
    closure: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help=f"Trained model in place of the case's: {ANY_MODEL}."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run of this case and model.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew and overwrite what is there.")
    ] = False,
):
    """Solve a steady flow, with a trained closure or a turbulence model.

    The closure predicts an eddy viscosity or a Reynolds stress; flow and closure are made to agree.
    Writes report.html, result.json, flow.vtu and flow.bp for ParaView, and checkpoint.npz, from
    which --resume goes on. A flow where the closure is out of bounds, or that is unlike its
    training, has "flags" in result.json, and the answer says "Beware".

    \b
    Example:
      vcnn solve hill.toml --closure model.safetensors -o runs/hill
      vcnn solve hill.toml --closure hill-stress -o runs/hill_stress
      mpirun -n 2 vcnn solve hill.toml -o runs/hill_sa
    \b
    hill.toml:
      viscosity = 1.786e-4
      model = "spalart-allmaras"        # without --closure; or "laminar", "one-equation-k-l",
      stations = [0.5, 2.0, 4.0, 8.0]   # "mixing-length"; x of velocity profiles
      location = "vertex"               # where a closure is asked, or "cell"
      [mesh]
      generator = "periodic_hill"       # or "channel", "bump_channel", "periodic_hill_gmsh":
      slope = 1.0                       # functions of meshes; or file = "mesh.msh", relative
      cells = [80, 60]                  # to this file
      grading = 40.0
      [conditions]                      # one for each boundary; "wall" with velocity moves,
      bottom = { kind = "wall" }        # "symmetry", "inlet" with velocity = [1.0, 0.0],
      top = { kind = "wall" }           # "outlet"; bulk_velocity or pressure_gradient
      inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.72 }
      [reference]                       # optional: a flow to compare the velocity with
      file = "les.vtu"
      [units]                           # optional: the closure's units in those of the case
      length = 1.0
      velocity = 1.0
    """
    from solvers.fenics import MPI
    from solvers.studies.case import read_case
    from solvers.studies.run_report import run_verdict, write_report
    from solvers.studies.run_summary import summarise

    comm, result_file = MPI.COMM_WORLD, output / "result.json"
    told = read_case(case)
    model, source = _turbulence(told, closure)
    with naming(case):
        problem = told.problem(model)
    if resume and not force and result_file.exists() and _same_run(output, told, source):
        if comm.rank == 0:
            print(
                f"{output}: was complete already\n{json.loads(result_file.read_text())['answer']}"
            )
        return
    start = _opened(output, told, source, resume, force, comm)
    checkpoint = output / "checkpoint.npz"
    with _kept_if_begun(output, told, source, comm), naming(case), _progress(comm):
        options = (
            {}
            if model is None
            else {
                "checkpoint": checkpoint,
                "tolerance": told.tolerance,
                "max_rounds": told.max_rounds,
            }
        )
        result = problem.solve(start, **options)
        if model is None:
            result.checkpoint(checkpoint)
    with naming(case):
        run = summarise(told, result, model, source["name"], resumed=start is not None)
    result.save(output / "flow.bp")
    if comm.rank == 0:
        run.vertices.save(output / "flow.vtu")
        page = write_report(run, output)
        write_text(
            result_file,
            json.dumps({"answer": run_verdict(run), **run.numbers()}, indent=1, allow_nan=False),
        )
        print(f"{run_verdict(run)}\nreport: {page}")


def _turbulence(case: Case, name: Path | None) -> tuple[Closure | None, dict[str, str | None]]:
    """What the turbulent stress comes from: a closure in the units of the case, or its own model.

    Returns
    -------
    closure : Closure, or None for the case's model
    source : dict
        ``name`` of the model or the closure's file, and ``sha256`` of what is in the file.
    """
    if name is None:
        return None, {"name": case.model, "sha256": None}
    file = model_file(name)
    with naming(name):
        closure = case.closure(read_model(file))
    return closure, {"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _same_run(output, case, source) -> bool:
    """Whether the run in a folder is of this case and closure.

    Raises
    ------
    InputError
        If it is of another one.
    """
    kept, origin = output / "case.toml", output / "closure.json"
    if not (kept.is_file() and origin.is_file()):
        return False
    if kept.read_text(encoding="utf-8") != case.text:
        raise InputError(
            f"{output}: holds a run of another case, see {kept}; choose another -o or give --force"
        )
    there = json.loads(origin.read_text(encoding="utf-8"))
    if there["sha256"] != source["sha256"]:  # a file may have been renamed
        names = [
            s["name"] + (f" (sha256 {s['sha256'][:12]})" if s["sha256"] else "")
            for s in (there, source)
        ]
        raise InputError(
            f"{output}: holds a run with {names[0]}, not {names[1]}; choose another -o or give --force"
        )
    return True


def _opened(output, case, source, resume, force, comm) -> Path | None:
    """The checkpoint to begin from, if there is one."""
    checkpoint = output / "checkpoint.npz"
    if resume and not force and _same_run(output, case, source):
        return checkpoint if checkpoint.exists() else None
    if (
        output.exists()
        and not force
        and checkpoint.exists()
        and not (output / "result.json").exists()
    ):
        raise InputError(
            f"{output}: holds an interrupted run; give --resume to go on, or --force to begin anew"
        )
    claim(output, force)
    comm.barrier()  # all ranks have looked
    if comm.rank == 0:
        for name in _OF_A_RUN:  # else what an earlier one left would pass for this one's
            for path in output.glob(name):
                path.unlink()
        shutil.rmtree(output / "flow.bp", ignore_errors=True)
    return None


@contextmanager
def _kept_if_begun(output, case, source, comm) -> Iterator[None]:
    """The folder with what was asked for; gone again if there is an error before anything was
    solved.
    """
    there, error = output.exists(), None
    kept = {output / "closure.json": json.dumps(source), output / "case.toml": case.text}
    comm.barrier()
    if comm.rank == 0:
        try:
            output.mkdir(parents=True, exist_ok=True)
            for path, text in kept.items():
                write_text(path, text)
        except OSError as failure:
            error = failure
    error = comm.bcast(error)  # else the others would wait
    if error is not None:
        raise error
    try:
        yield
    except BaseException:
        if comm.rank == 0 and not there and not (output / "checkpoint.npz").exists():
            for path in kept:
                path.unlink()
            output.rmdir()
        raise


@contextmanager
def _progress(comm) -> Iterator[None]:
    """A line on the terminal with the step that the solvers have last told of."""
    from tqdm import tqdm

    log = logging.getLogger("vcnn.solvers")
    shown = comm.rank == 0 and sys.stderr.isatty()
    with tqdm(
        desc="the equations are set up", disable=not shown, bar_format="{desc} [{elapsed}]"
    ) as bar:

        class Line(logging.Handler):
            def emit(self, record):
                if record.levelno > logging.INFO:
                    bar.write(record.getMessage(), file=sys.stderr)
                else:
                    bar.set_description_str(record.getMessage())

        handler, level = Line(), log.level
        if not bar.disable:
            log.addHandler(handler)
            log.setLevel(logging.INFO)
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.setLevel(level)
