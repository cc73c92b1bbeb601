"""A question as the JSON that OPA reads; `policies/schemas/question.json` describes it from the other side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from databus.model.disclosure import Permit, Question
from databus.model.labels import LabelClass


def as_input(question: Question) -> dict[str, Any]:
    """The question in JSON types. Class ids become strings: JSON has no 64-bit integers.

    Subjects and legal basis of the permit stay out: whether it applies to the subject is settled before policy is asked.
    """
    return {
        "caller": {"name": question.caller.name, "role": question.caller.role.value, "organisation": question.caller.organisation},
        "purpose": question.purpose,
        "relation": question.relation,
        "permit": None if question.permit is None else _permit(question.permit),
        "day": question.day.isoformat(),
        "classes": {str(label_class.class_id): _class(label_class) for label_class in question.classes},
    }


def digest(value: Mapping[str, Any], *more: str) -> str:
    """32 hexadecimal digits of SHA-256 over the value as canonical JSON and further texts."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256("\x1f".join((canonical, *more)).encode()).hexdigest()[:32]


def _permit(permit: Permit) -> dict[str, Any]:
    return {
        "permit_id": permit.permit_id,
        "version": permit.version,
        "kind": permit.kind,
        "grantee": permit.grantee,
        "record_types": list(permit.record_types),
        "items": list(permit.items),
        "purposes": list(permit.purposes),
        "terms": list(permit.terms),
        "valid_from": permit.valid_from.isoformat(),
        "valid_to": permit.valid_to.isoformat(),
        "revoked": permit.revoked,
    }


def _class(label_class: LabelClass) -> dict[str, Any]:
    return {
        "record_type": label_class.record_type,
        "subject_kind": label_class.subject_kind.value,
        "publication": label_class.publication.value,
        "commercial": label_class.commercial.value,
        "privacy": label_class.privacy.value,
        "standing": label_class.standing.value,
        "owner": label_class.owner,
        "narrowed": list(label_class.narrowed),
        "flags": list(label_class.flags),
    }
