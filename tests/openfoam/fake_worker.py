#!/usr/bin/env python3
"""Answers as a closure's worker does, with numbers that tests know; starts in milliseconds.

Started instead of Python: ``-P -m openfoam.worker`` is passed over. The name of the model says what
it does, in words KEY=VALUE:

    nut=0.002 | beta=1.1  what it answers; with linear= that times 1 + U_x / 2,
                          with changing= that times 1 + 1 / (number of the question)
    a=0.01                an anisotropy, too, of that times U_x
    wants="k omega"       fields that it wants besides U
    start=TEXT            is not ready but fails, and says this
    fail=3 error=TEXT     fails at the third question, and says this
    deaf=                 exits without hearing a question
    kill=3, exit=3, wrong=3, nan=3   is killed, exits, answers a row more, answers NaN at it
    sleep=3 asleep=FILE   makes the file at the third question, and does not answer, but on rank 1
    share=8,8             cells of each rank, for those that answer for their own
    record=FILE           appends what it was started with
"""

import json
import os
import shlex
import signal
import socket
import struct
import sys
import time
from pathlib import Path


def receive(pipe, size):
    data = b""
    while len(data) < size:
        part = pipe.recv(size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def text(pipe, kind, words):
    data = words.encode()
    pipe.sendall(struct.pack("3q", kind, len(data), 0) + data)


def answers(says, rows, call):
    """Rows of an answer: nut or beta, and an anisotropy in proportion to the velocity along x."""
    value = float(says.get("nut", says.get("beta", "0")))
    value *= 1 + (1 / call if "changing" in says else 0)
    for row in rows:
        yield value * (1 + (0.5 * row[0] if "linear" in says else 0))
        if "a" in says:
            yield from (float(says["a"]) * row[0] * part for part in (1, 0.5, 0, -0.25, 0, -0.75))


def record(file):
    """What the process was started with, as a line of JSON."""
    line = {
        "pid": os.getpid(),
        "arguments": sys.argv[1:],
        "files": sorted(map(int, os.listdir("/proc/self/fd"))),
        "variables": sorted(os.environ),
    }
    with open(file, "a", encoding="utf-8") as out:
        print(json.dumps(line), file=out)


def main():
    arguments = dict(zip(sys.argv[4::2], sys.argv[5::2], strict=True))
    says = dict([*word.split("=", 1), ""][:2] for word in shlex.split(arguments["--model"]))
    pipe = socket.socket(fileno=int(arguments["--socket"]))
    if "record" in says:
        record(says["record"])
    if "start" in says:
        text(pipe, 1, says["start"])
        sys.exit(2)
    back = ("beta" if "beta" in says else "nut") + (" anisotropy" if "a" in says else "")
    text(pipe, 0, f"U {says.get('wants', '')}\n{back}".replace(" \n", "\n"))
    if "deaf" in says:
        sys.exit(3)
    columns, call = 7 if "a" in says else 1, 0
    while True:
        kind, cells, width = struct.unpack("3q", receive(pipe, 24))
        assert kind == 2
        values = struct.unpack(f"{cells * width}d", receive(pipe, 8 * cells * width))
        rows = [values[i : i + width] for i in range(0, len(values), width)]
        call += 1
        if call == int(says.get("fail", 0)):
            text(pipe, 1, says["error"].replace("\\n", "\n"))
            sys.exit(2)
        if call == int(says.get("kill", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        if call == int(says.get("exit", 0)):
            sys.exit(3)
        if call == int(says.get("sleep", 0)) and arguments["--rank"] != "1":
            Path(says["asleep"]).touch()
            time.sleep(60)
        rank = int(arguments["--rank"])
        if rank >= 0:  # its share: cells are numbered rank by rank
            sizes = list(map(int, says["share"].split(",")))
            rows = rows[sum(sizes[:rank]) :][: sizes[rank]]
        if call == int(says.get("nan", 0)):
            rows = [[float("nan")]] * cells
        out = list(answers(says, rows, call))
        cells = len(rows) + (call == int(says.get("wrong", 0)))
        pipe.sendall(struct.pack(f"3q{len(out)}d", 0, cells, columns, *out))
        pipe.sendall(struct.pack("2d", 0.25, 0.5 if call % 2 else -1))


if __name__ == "__main__":
    main()
