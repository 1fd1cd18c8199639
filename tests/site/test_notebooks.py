"""The notebooks, as they were run when the site was built: their pictures show something.

What they assert ends the build if it does not hold.
"""

import base64
import json
from pathlib import Path

import pytest

from tests.support.pictures import inked_share

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
RUN = ROOT / "docs" / "_build" / "jupyter_execute" / "notebooks"

if not RUN.is_dir():
    pytest.skip("the site has not been built (make docs)", allow_module_level=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_of_a_notebook_show_something(path):
    notebook = json.loads((RUN / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
    outputs = [
        output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])
    ]
    pictures = [base64.b64decode(data["image/png"]) for data in outputs if "image/png" in data]
    assert len(pictures) >= 3
    assert min(map(inked_share, pictures)) > 0.03  # three times as much as bare axes


def test_every_notebook_asserts_what_it_shows():
    for path in NOTEBOOKS:
        assert path.read_text(encoding="utf-8").count("\nassert ") >= 2, path.stem
