"""Deployable: intake. Stage 1 for departments: publishing by HTTP, and the registry."""

import sys

from databus.bootstrap.intake import run
from databus.settings import Settings

if __name__ == "__main__":
    sys.exit(run(Settings()))
