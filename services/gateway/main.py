"""Deployable: gateway. Stages 5 and 6 for the world."""

import sys

from databus.bootstrap.gateway import run
from databus.settings import Settings

if __name__ == "__main__":
    sys.exit(run(Settings()))
