"""Job: topics, users and permissions, schemas, database, policy bundle; then exits."""

import sys

from databus.bootstrap.registrar import run
from databus.settings import Settings

if __name__ == "__main__":
    sys.exit(run(Settings()))
