"""Deployable: projector. Changes, findings, permits and decisions into PostgreSQL."""

import sys

from databus.bootstrap.projector import run
from databus.settings import Settings

if __name__ == "__main__":
    sys.exit(run(Settings()))
