"""The demo on a small scale: it reports what it did, goes on after an interruption, and overwrites
nothing unasked.
"""

import json

import numpy as np
import pytest
import typer.testing

from solvers.cli.demo import demo
from tests.support.pictures import coloured_share, embedded
from vcnn import FlowField, InputError


def test_quick_demo(tmp_path, capsys):
    folder = tmp_path / "a demo"
    demo(output=folder, quick=True)
    printed = capsys.readouterr().out
    assert printed.rstrip().endswith(f"report: {folder / 'report' / 'report.html'}")
    numbers = json.loads((folder / "report" / "report.json").read_text())
    vector_cloud, graph = (
        numbers["error_variation"][n] for n in ("vector-cloud network", "graph kernel network")
    )
    assert vector_cloud < 1e-9 < 1e-2 < graph
    page = (folder / "report" / "report.html").read_text()
    shares = sorted(coloured_share(picture) for picture in embedded(page))
    assert len(shares) == 7
    assert shares[0] > 0.005 and shares[2] > 0.1  # two of curves, five of fields
    predicted = FlowField.load(next((folder / "predictions").glob("hill_0.5_*.vtu")))
    scalars = predicted.scalars
    np.testing.assert_allclose(
        scalars["concentration_predicted"] - scalars["concentration"],
        scalars["concentration_error"],
    )

    with pytest.raises(InputError, match="--force"):
        demo(output=folder, quick=True)
    assert (folder / "report" / "report.html").read_text() == page

    # as after an interruption: what is there is used, and an OpenFOAM-like reference joins in
    for part in (folder / "report").iterdir():
        part.unlink()
    (folder / "report").rmdir()
    reference = next((folder / "flows").rglob("hill_0.50.vtu"))
    before = (folder / "vector-cloud" / "model.safetensors").read_bytes()
    demo(output=folder, quick=True, reference=[reference])
    assert "hill_0.50" in capsys.readouterr().out
    assert (folder / "vector-cloud" / "model.safetensors").read_bytes() == before


def test_help_shows_an_example():
    app = typer.Typer()
    app.command()(demo)
    result = typer.testing.CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0 and "vcnn demo -o demo" in result.output
