"""The talk between solver and worker: from its start to its end, whatever goes wrong."""

import socket
import subprocess
import sys

import numpy as np
import pytest

import meshes
from tests.support.foam_worker import FakeSolver, Worker, hill_flow, in_space, write_closures


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hill") / "case"
    meshes.write_openfoam(hill_flow(), folder, walls=["bottom", "top"])
    write_closures(folder)
    return folder


@pytest.fixture(scope="module")
def u():
    return in_space(hill_flow().velocity)


class Process:
    """A worker as the solver starts it."""

    def __init__(self, case, model):
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "openfoam.worker", "--case", case, "--model", model]
        units = ["--length", "1", "--velocity", "1"]
        command += ["--ranks", "1", "--rank", "-1", *units, "--socket", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, cwd=case.parent, text=True
        )
        theirs.close()
        self.solver = FakeSolver(ours)

    def end(self):
        """Its status, and what it printed, once the solver's end is closed."""
        self.solver.socket.close()
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


def test_a_process_answers_until_the_solver_ends(case, u):
    worker = Process(case, "own.py:mixing_length")
    assert worker.solver.ready() == [["U"], ["nut", "anisotropy"]]
    first, *_ = worker.solver.ask(u)
    second, *_ = worker.solver.ask(2 * u)
    np.testing.assert_allclose(second[:, 0], 2 * first[:, 0], rtol=1e-12)
    assert first[:, 0].min() > 0 and not first[:, 1:].any()
    assert worker.end() == (0, "")


def test_a_process_that_cannot_begin_says_why(case):
    worker = Process(case, "hill-strain")
    kind, text = worker.solver.message()
    assert kind == 1 and "neither a file nor a model of the package" in text
    assert "did you mean 'hill-stress'?" in text and "\n" not in text
    status, errors = worker.end()
    assert status == 1 and "Traceback" in errors


def refusal(case, model, columns=None, **options):
    """What the solver is told, and the status that the worker ends with."""
    worker = Worker(case, model)
    with worker as solver:
        if columns is not None:
            solver.ready()
            solver.send(columns, **options)
        kind, text = solver.message()
    assert kind == 1 and "\n" not in text
    assert worker.status == [1]
    return text


def test_an_exception_of_a_closure_is_told_in_one_line(case, u, capsys):
    text = refusal(case, "own.py:Failing", u)
    assert text == "predict fails with KeyError: 'no\\nluck'"
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "model, message",
    [
        ("own.py:mixing_lenght", "no 'mixing_lenght' in it; did you mean 'mixing_length'?"),
        ("other.py:stress", "other.py: no such file"),
        ("own.py:number", "expected a vcnn.Closure, an object with predict(flow)"),
        ("missing.safetensors", "missing.safetensors"),
        ("hill-concentration", "predicts concentration (scalar); the RASModel vcnn needs"),
        ("duct-stress", "was trained on 3-D flows, the mesh is 2-D"),
    ],
)
def test_models_that_cannot_be_used(case, model, message):
    assert message in refusal(case, model)


def test_cases_that_cannot_be_read(tmp_path):
    assert "not an OpenFOAM case" in refusal(tmp_path / "missing", "hill-stress")


@pytest.mark.parametrize("length, velocity", [(0.0, 1.0), (1.0, -2.0)])
def test_units_that_make_no_sense(case, length, velocity):
    with Worker(case, "hill-stress", length=length, velocity=velocity) as solver:
        kind, text = solver.message()
    assert kind == 1 and "expected a positive number" in text


def test_questions_of_another_size(case, u):
    text = refusal(case, "own.py:stress", u[:-1])
    assert "the solver has 95 cells and sends 3 columns; expected the 96 cells" in text
    assert "expected the 96 cells of the case's mesh and 3 columns, U" in refusal(
        case, "own.py:stress", np.ones((96, 4))
    )


def test_messages_that_are_no_question(case, u):
    assert "got a message of kind 5" in refusal(case, "own.py:stress", u, kind=5)


def test_velocities_that_are_no_numbers(case, u):
    bad = u.copy()
    bad[7, 1] = np.nan
    assert "velocity: 1 values are NaN or infinite" in refusal(case, "own.py:stress", bad)


def test_a_solver_that_ends_amid_a_question(case, u):
    worker = Worker(case, "own.py:stress")
    with worker as solver:
        solver.ready()
        solver.send(u[:5], shape=u.shape)
    assert worker.status == [0]


def test_a_solver_that_ends_before_its_answer(case, u):
    worker = Worker(case, "own.py:stress")
    with worker as solver:
        solver.ready()
        solver.send(u)
    assert worker.status == [0]


def test_a_closed_end_raises_no_signal():
    """Whatever a library has set it to do: PETSc's own handler aborts."""
    code = """
import signal, socket
from openfoam.worker.protocol import Channel, SolverGone
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
ours, theirs = socket.socketpair()
theirs.close()
try:
    Channel(ours).send_error("nobody is there")
except SolverGone:
    print("gone")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "gone\n")


def test_a_field_that_only_the_solver_has(case, u, tmp_path):
    """The velocity alone is what a plain closure gets."""
    assert "KeyError" in refusal(case, "own.py:pressure", u)
