"""``python -m vcnn``: the command line where no script ``vcnn`` is on the path."""

from vcnn.cli import main

if __name__ == "__main__":
    main()
