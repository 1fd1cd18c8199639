"""Studies whose results the documentation quotes.

A study is a command, ``python -m benchmarks.ROOM.NAME``, which says with ``--help`` what it does.
"""
