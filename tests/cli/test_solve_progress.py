"""What `vcnn solve` says while it goes on, where there is no terminal."""

import logging
from types import SimpleNamespace

from solvers.cli import progress


def test_steps_are_said_where_there_is_no_terminal(capsys, monkeypatch):
    """One after every 30 seconds, and warnings; a short run says nothing."""
    log, clock = logging.getLogger("vcnn.solvers"), iter([0.0, 1.0, 31.0, 60.0, 62.0, 63.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.progress_line(SimpleNamespace(rank=0)):
        for number in range(4):
            log.info("step %d", number)
        log.warning("the flow is odd")
    lines = ["step 1 [31 s]", "step 3 [62 s]", "the flow is odd [63 s]"]
    assert capsys.readouterr().err.splitlines() == lines
    log.info("step 6")
    assert capsys.readouterr().err == ""
