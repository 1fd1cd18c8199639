"""The model that comes with the package, on flows it never saw."""

from pathlib import Path

import numpy as np
import pytest

import vcnn
from vcnn import Closure, InputError
from vcnn.evaluation import relative_l2
from vcnn.testing import assert_equivariant


def test_pretrained_model_knows_unseen_hills_in_any_frame():
    from solvers import hill_concentration

    closure = Closure.pretrained("hill-concentration")
    for slope, cells, allowed in ((1.325, (60, 40), 0.02), (0.6, (40, 40), 0.03)):
        flow = hill_concentration(slope, cells)
        predicted = closure.predict(flow)
        assert relative_l2(predicted, flow.scalars["concentration"], flow.weights) < allowed
    some = np.arange(0, len(flow), 40)
    assert_equivariant(closure, flow, 1e-12, centres=some)


def test_every_model_has_a_card_and_is_small():
    folder = Path(vcnn.__file__).parent / "pretrained"
    models = sorted(folder.glob("*.safetensors"))
    assert models
    for path in models:
        assert path.stat().st_size < 1e6
        assert "Limits" in path.with_suffix(".md").read_text(encoding="utf-8")


def test_unknown_model():
    with pytest.raises(InputError, match="pretrained: expected one of hill-concentration, got 'duct'"):
        Closure.pretrained("duct")
