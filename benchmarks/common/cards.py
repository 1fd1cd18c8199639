"""Cards of shipped models: the part written by hand, which stays when a study writes the rest."""

from __future__ import annotations

from benchmarks.common.paths import PRETRAINED
from vcnn import InputError


def use_of(name: str) -> str:
    """The part **Use** of the card of a shipped model, which the tests run.

    Raises
    ------
    InputError
        If there is no such card, or it has no such part.
    """
    path = PRETRAINED / f"{name}.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, heading, rest = text.partition("\n**Use**")
    if not heading:
        raise InputError(f"{path}: expected a card with a part **Use**, Python that runs the model")
    return f"**Use**{rest.partition('\n**')[0]}".rstrip()
