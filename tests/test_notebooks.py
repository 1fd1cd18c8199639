"""The notebooks run from the first cell to the last."""

import base64
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from tests.support.pictures import inked_share

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path):
    notebook = jupytext.read(path)
    NotebookClient(
        notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [
        output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    pictures = [base64.b64decode(data["image/png"]) for data in outputs if "image/png" in data]
    assert len(pictures) >= 3
    assert min(map(inked_share, pictures)) > 0.03  # three times as much as bare axes
