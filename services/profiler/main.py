"""Deployable: profiler. Stage 4, as a Faust worker."""

import sys

from databus.bootstrap.profiler import run
from databus.settings import Settings

if __name__ == "__main__":
    sys.exit(run(Settings()))
