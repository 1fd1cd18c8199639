"""Studies whose results the documentation quotes.

A study is a command, ``python -m benchmarks.ROOM.NAME``, which says with ``--help`` what it does.
"""

from vcnn.threads import limit_libraries

limit_libraries()  # before the libraries are loaded
