"""The notebooks run from the first cell to the last."""

import base64
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from tests.support.pictures import coloured_share

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path):
    notebook = jupytext.read(path)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [
        output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    shares = [coloured_share(base64.b64decode(picture)) for picture in pictures]
    assert len(shares) >= 2 and min(shares) > 0.005
