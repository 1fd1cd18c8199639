"""The verb ``vcnn solve``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solvers.cli.progress import progress_line
from solvers.cli.run_folder import RunFolder
from vcnn.cli.inputs import ANY_MODEL, Threads, read_any_model
from vcnn.cli.key_listing import keys_option
from vcnn.cli.ranks import on_every_rank
from vcnn.errors import InputError, naming
from vcnn.files import write_text
from vcnn.headers import parse_json
from vcnn.keys import KeyTable
from vcnn.threads import ask_for

if TYPE_CHECKING:  # torch and FEniCSx are slow to import
    from solvers.studies.case import Case
    from vcnn.closure.closure import Closure


def _tables() -> list[KeyTable]:
    from solvers.studies.case_keys import solve_tables

    return solve_tables()


@on_every_rank
def solve(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="TOML file that says which flow.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the run.")
    ],
    closure: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help=f"Trained model in place of the case's: {ANY_MODEL}."),
    ] = None,
    members: Annotated[
        bool,
        typer.Option("--members", help="With each member of an ensemble too: bands of the flow."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run of this case and model.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew and overwrite what is there.")
    ] = False,
    threads: Threads = None,
    keys: Annotated[bool, keys_option(_tables)] = False,
):
    """Solve a steady flow, with a trained closure or a turbulence model.

    The closure predicts an eddy viscosity or a Reynolds stress; flow and closure are made to agree.
    Of one that predicts a correction, k-omega SST is solved before.
    Writes report.html, result.json, flow.vtu and flow.bp for ParaView, and checkpoint.npz, from
    which --resume goes on. A flow where the closure is out of bounds, or that is unlike its
    training, has "flags" in result.json, and the answer says "Beware". With --members the flow is
    solved with each member of an ensemble as well, one from the other: the report has bands,
    flow.vtu the field velocity_spread. --keys lists all keys of CASE, 'vcnn init solve' writes one
    to begin with.

    \b
    Example:
      vcnn solve hill.toml --closure model.safetensors -o runs/hill
      vcnn solve hill.toml --closure hill-stress -o runs/hill_stress
      vcnn solve hill.toml --closure ensemble.safetensors --members -o runs/hill_members
      mpirun -n 2 vcnn solve hill.toml -o runs/hill_sa
    \b
    hill.toml:
      viscosity = 1.786e-4
      model = "spalart-allmaras"        # without --closure; or "k-omega-sst", "laminar",
      stations = [0.5, 2.0, 4.0, 8.0]   # "one-equation-k-l", "mixing-length"; x of profiles
      location = "vertex"               # where a closure is asked, or "cell"
      [mesh]
      generator = "periodic_hill"       # or "channel", "duct", "bump_channel", ...: functions of
      slope = 1.0                       # meshes; or file = "mesh.msh", relative to this file,
      cells = [80, 60]                  # with split = true if it has cells of several types
      grading = 40.0
      [conditions]                      # one for each boundary; "wall" with velocity moves,
      bottom = { kind = "wall" }        # "symmetry", "outlet", "inlet" with velocity = [1.0, 0.0],
      top = { kind = "wall" }           # ["6*y*(1-y)", "0"] or profile = "inlet.csv";
      inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.72 }  # or pressure_gradient
      [reference]                       # optional: a flow to compare the velocity with
      file = "les.vtu"
      [units]                           # optional: the closure's units in those of the case
      length = 1.0
      velocity = 1.0
    """
    from meshes.report.attempts import Attempts
    from meshes.report.page import write_report
    from meshes.report.verdict import flow_verdict
    from solvers.cli.solve_case import solve_case
    from solvers.fenics import MPI
    from solvers.studies.case import is_correction, read_case
    from solvers.studies.run_diagnostics import summarise
    from vcnn.closure.ensemble import Ensemble

    ask_for(threads)
    comm, flow_case = MPI.COMM_WORLD, read_case(case)
    attempt = Attempts(comm.rank, comm.size)
    model, source = _turbulence(flow_case, closure)
    if members and not isinstance(model, Ensemble):
        raise InputError(f"--members: expected a model that is an ensemble, got {source['name']}")
    if corrects := model is not None and is_correction(model):
        flow_case = replace(flow_case, location="vertex")  # where the baseline is smooth
    with naming(case):
        problem = flow_case.baseline(model) if corrects else flow_case.problem(model)
    folder = RunFolder(output, flow_case.text, source, comm, members)
    if resume and not force and folder.is_complete():
        if comm.rank == 0:
            answer = parse_json(folder.result.read_bytes(), folder.result).get("answer")
            print(f"{output}: was complete already\n{answer}")
        return
    checkpoint = folder.open(resume, force)
    with folder.solving(), naming(case), progress_line(comm):
        result, flows = solve_case(flow_case, problem, model, folder, checkpoint, attempt)
    run = summarise(flow_case, result, model, source["name"], checkpoint is not None, flows)
    run = replace(run, failures={**attempt.failures, **run.failures})
    if comm.rank == 0:  # the result first, whatever becomes of pictures
        run.vertices.save(output / "flow.vtu")
        _write_numbers(folder.result, {"answer": flow_verdict(run), **run.numbers()})
    attempt("flow.bp", lambda: result.save(output / "flow.bp"), None)
    if comm.rank == 0:
        page = attempt("report", lambda: write_report(run, output), "none, see the warnings")
        print(f"{flow_verdict(run)}\nreport: {page}")


def _write_numbers(path, numbers) -> None:
    write_text(path, json.dumps(numbers, indent=1, allow_nan=False))


def _turbulence(case: Case, name: Path | None) -> tuple[Closure | None, dict[str, str | None]]:
    """What the turbulent stress comes from: a closure in the units of the case, or its own model.

    Returns
    -------
    closure : Closure, or None for the case's model
    source : dict
        ``name`` of the model or the closure's file, and ``sha256`` of what is in the file.
    """
    from vcnn.closure.file import model_file

    if name is None:
        return None, {"name": case.model, "sha256": None}
    file = model_file(name)
    with naming(name):
        closure = case.closure(read_any_model(file))
    return closure, {"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
