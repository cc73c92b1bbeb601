"""Every error databus raises, in one tree. A class says who must act; an instance carries facts.

    DatabusError                    500
    ├── Rejected                    4xx  the caller acts
    │   ├── Malformed               400
    │   │   ├── Undecodable         400
    │   │   └── UnknownSchema       400
    │   ├── Unauthenticated         401
    │   ├── NotAllowed              403
    │   ├── NotFound                404
    │   ├── TooSlow                 408
    │   ├── Conflict                409
    │   ├── Gone                    410
    │   ├── TooLarge                413
    │   ├── UnsupportedMedia        415
    │   ├── Unprocessable           422
    │   └── TooManyRequests         429
    ├── Unavailable                 503  we retry
    │   ├── BusUnavailable
    │   ├── StoreUnavailable
    │   ├── PolicyUnavailable
    │   └── AuditUnavailable
    └── Misconfigured               500  the operator acts
        ├── BadContract
        ├── BadMapping
        ├── BadSettings
        ├── PortTaken
        ├── EngineMissing
        └── DataUnusable

A problem document (RFC 9457) is made from `status`, `code`, `title` and the facts; a log line from the same.
"""

from __future__ import annotations

from typing import ClassVar


class DatabusError(Exception):
    """The root. `detail` is one sentence for people, `facts` is for machines, both safe to show the caller."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "The system could not do this"

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts

    @property
    def code(self) -> str:
        """The class name in kebab case: the last part of the problem's `type`."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


class Rejected(DatabusError):
    """The request cannot be granted as it stands; the caller can change it."""

    status = 400
    title = "The request was refused"


class Malformed(Rejected):
    """The input cannot be understood."""

    status = 400
    title = "The request cannot be understood"


class Undecodable(Malformed):
    """Bytes that are not what their schema says."""


class UnknownSchema(Malformed):
    """A schema id that the registry does not know."""


class Unauthenticated(Rejected):
    """Nobody has proved who is asking."""

    status = 401
    title = "Credentials are missing or wrong"


class NotAllowed(Rejected):
    """The caller is known and may not do this."""

    status = 403
    title = "This is not allowed"


class NotFound(Rejected):
    """There is no such thing, or none this caller may know of."""

    status = 404
    title = "There is no such thing"


class TooSlow(Rejected):
    """The input did not arrive within a stated time."""

    status = 408
    title = "The input came too slowly"


class Conflict(Rejected):
    """The state of the thing forbids this."""

    status = 409
    title = "The current state forbids this"


class Gone(Rejected):
    """What was asked for was served once and is no more."""

    status = 410
    title = "This position is no longer served"


class TooLarge(Rejected):
    """The input exceeds a stated limit."""

    status = 413
    title = "The input is too large"


class UnsupportedMedia(Rejected):
    """The input is of a kind, or encoded in a way, that is not read here."""

    status = 415
    title = "This kind of input is not read here"


class Unprocessable(Rejected):
    """The input is well formed and breaks a rule of its contract."""

    status = 422
    title = "The input breaks its contract"


class TooManyRequests(Rejected):
    """A stated rate is exceeded."""

    status = 429
    title = "Too many requests"


class Unavailable(DatabusError):
    """A part of the system is away; the same request may succeed later."""

    status = 503
    title = "A part of the system is not available"


class BusUnavailable(Unavailable):
    """Kafka does not answer or did not take a record."""


class StoreUnavailable(Unavailable):
    """PostgreSQL does not answer."""


class PolicyUnavailable(Unavailable):
    """OPA gave no usable decision, and no unexpired plan is at hand."""


class AuditUnavailable(Unavailable):
    """The decision record could not be made durable, so nothing may leave."""


class Misconfigured(DatabusError):
    """The operator must change something before this process can keep its promise."""

    title = "The system is not set up for this"


class BadContract(Misconfigured):
    """A file under schemas/ breaks the rules of contracts."""


class BadMapping(Misconfigured):
    """A mapping file names something that does not exist, or cannot be applied."""

    title = "The mapping cannot be used"


class BadSettings(Misconfigured):
    """A setting is missing, unknown or unsafe."""


class PortTaken(Misconfigured):
    """Another program listens where this one must."""


class EngineMissing(Misconfigured):
    """Kafka, OPA or PostgreSQL cannot be provided on this machine."""


class DataUnusable(Misconfigured):
    """Data on disk cannot be used by this version or with these keys."""
