"""Deployable: checker. Stage 3, as a Faust worker."""

import sys

from databus.bootstrap.checker import run
from databus.settings import Settings

if __name__ == "__main__":
    sys.exit(run(Settings()))
