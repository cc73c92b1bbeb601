"""What the Confluent Schema Registry API says when it does not do something: HTTP status, error code, message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class RegistryError(Exception):
    """One refusal; clients go by `code`, whose first three digits are the status."""

    code: int
    message: str

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return self.code if self.code < 1000 else self.code // 100


def no_subject(subject: str) -> RegistryError:
    """40401. The usual mistake is the serializer's default strategy, which names subjects after topics."""
    hint = " A subject is the full name of a record (RecordNameStrategy)." if subject.endswith(("-value", "-key")) else ""
    return RegistryError(40401, f"Subject '{subject[:200]}' not found.{hint}")


def no_version(version: int) -> RegistryError:
    """40402."""
    return RegistryError(40402, f"Version {version} not found.")


def no_schema(schema_id: int | None = None) -> RegistryError:
    """40403, of an id or of a schema that was looked up."""
    return RegistryError(40403, "Schema not found" if schema_id is None else f"Schema {schema_id} not found")


def no_config(subject: str) -> RegistryError:
    """40408: only the level of all subjects is set."""
    return RegistryError(40408, f"Subject '{subject[:200]}' does not have subject-level compatibility configured")


def no_mode(subject: str) -> RegistryError:
    """40409: only the mode of all subjects is set."""
    return RegistryError(40409, f"Subject '{subject[:200]}' does not have subject-level mode configured")


def invalid_schema(why: str) -> RegistryError:
    """42201."""
    return RegistryError(42201, f"Invalid schema: {why}")


def invalid_version(version: str) -> RegistryError:
    """42202."""
    allowed = 'Allowed values are between [1, 2^31-1] and the string "latest"'
    return RegistryError(42202, f"The specified version '{version[:40]}' is not a valid version id. {allowed}")


def read_only() -> RegistryError:
    """42205: what a registry in mode READONLY says."""
    return RegistryError(
        42205,
        "This registry is in read-only mode: contracts are released with schemas/ and registered by the registrar, not at run time. "
        "Use a subject and version that is there (auto.register.schemas=false, use.latest.version=true).",
    )
