"""Small OpenFOAM cases."""

import pytest

from tests.support.foam_cases import BoxCase, write_polyhedral_case


@pytest.fixture
def polyhedral_case(tmp_path):
    write_polyhedral_case(tmp_path / "polyhedral")
    return tmp_path / "polyhedral"


@pytest.fixture
def box_case():
    return BoxCase
