"""``python -m spasmwatch``: the same as the command ``spasmwatch``."""

import sys

from spasmwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
