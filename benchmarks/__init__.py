"""Studies whose results the documentation quotes: each module is a command, ``python -m
benchmarks.ROOM.NAME``.
"""
