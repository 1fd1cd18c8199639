"""``python -P -m openfoam.worker``: started by the turbulence model, with one end of a socket."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from pathlib import Path


def main() -> int:
    """Serve the solver at the other end."""
    options = _options()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the solver's; its end is ours
    from vcnn.threads import limit_libraries

    limit_libraries()
    from openfoam.worker.protocol import Channel
    from openfoam.worker.serve import serve

    settings = vars(options)
    channel = Channel(socket.socket(fileno=settings.pop("socket")))
    return serve(channel, **settings)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m openfoam.worker", description=__doc__)
    parser.add_argument("--case", type=Path, required=True, help="folder of the case")
    parser.add_argument("--model", required=True, help="file or name of a closure")
    parser.add_argument("--ranks", type=int, default=1, help="processes of the solver")
    parser.add_argument("--rank", type=int, default=-1, help="to answer for; -1: all")
    parser.add_argument("--length", type=float, default=1.0, help="the closure's unit of length")
    parser.add_argument("--velocity", type=float, default=1.0, help="its unit of velocity")
    parser.add_argument("--socket", type=int, required=True, help="file descriptor")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
