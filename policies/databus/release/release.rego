# METADATA
# title: What may be released
# description: >
#   The question of the gateway. It asks for every label class at once and gets a verdict for each; what is not
#   understood is refused with a reason.
# schemas:
#   - input: schema.question
package databus.release

import data.databus.field
import data.databus.labels
import data.databus.matrix
import data.databus.standings
import rego.v1

# METADATA
# description: A verdict {visible, reasons, fields, obligations} per class id of the question.
# entrypoint: true
decisions[id] := _decide(class, field.facts(class)) if {
	_understood
	some id, class in input.classes
	_known(class)
}

decisions[id] := _refused(["DENY_UNKNOWN_CLASS"]) if {
	_understood
	some id, class in input.classes
	not _known(class)
}

decisions[id] := _refused(["ERR_POLICY"]) if {
	not _understood
	some id, _ in input.classes
}

decisions["*"] := _refused(["ERR_POLICY"]) if not _asks

_asks if {
	is_object(input.classes)
}

# Naming a field that holds records names their parts: `movements` also means `movements.moved_on`.
_item(name, narrowed) := name if {
	some word in [name, split(name, ".")[0]]
	word in input.permit.items
} else := name if {
	some entry in narrowed
	split(entry, ":")[0] in [name, split(name, ".")[0]]
} else := "*"

_decide(class, facts) := _refused([record.reason]) if {
	record := field.verdict(facts, "", _record_label)
	record.action == "DROP"
} else := object.union(judged.verdict, {"obligations": _obligations(class, judged)}) if {
	judged := _judged(class.record_type, facts)
	judged.verdict.visible
} else := _judged(class.record_type, facts).verdict

# OPA remembers the result of a function by its arguments: classes of one type that differ in nothing that matters share one.
_judged(record_type, facts) := {"verdict": _verdict(fields), "rights": _rights(fields)} if {
	fields := {name: field.verdict(facts, _item(name, facts.narrowed), label) | some name, label in labels[record_type]}
}

_verdict(fields) := _refused(sort({rule.reason | some rule in fields})) if {
	every rule in fields {
		rule.action == "DROP"
	}
} else := {
	"visible": true,
	"reasons": _reasons(fields),
	"fields": {name: object.remove(rule, ["grounds"]) | some name, rule in fields},
	"obligations": [],
}

_refused(reasons) := {"visible": false, "reasons": reasons, "fields": {}, "obligations": []}

_reasons(fields) := sort(_rights(fields) | {"MASKED_PERSONAL" | some rule in fields; rule.reason == "MASKED_PERSONAL"})

_rights(fields) := {rule.grounds | some rule in fields; rule.grounds != ""}

# Reads of public data are counted, everything else leaves a record of its own (design 9).
_obligations(class, judged) := sort(union({
	{"LOG" | judged.rights != {"OK_PUBLIC"}},
	{"FLAG_OBJECTION" | "objection" in class.flags},
	{"FLAG_UNVERIFIED" | "unverified" in class.flags},
	{"FLAG_REPAIRED" | class.standing == "REPAIRED"},
}))

_record_label := {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "string"}

_understood if {
	is_string(input.caller.name)
	is_string(input.caller.organisation)
	matrix.columns[input.caller.role]
	is_string(input.purpose)
	input.relation in ["none", "self", "owner", "permit"]
	regex.match(`^\d{4}-\d{2}-\d{2}$`, input.day)
	_permit_understood
}

_permit_understood if is_null(input.permit)

_permit_understood if {
	is_boolean(input.permit.revoked)
	regex.match(`^\d{4}-\d{2}-\d{2}$`, input.permit.valid_from)
	regex.match(`^\d{4}-\d{2}-\d{2}$`, input.permit.valid_to)
	every list in ["record_types", "items", "purposes", "terms"] {
		is_array(input.permit[list])
	}
}

_known(class) if {
	labels[class.record_type]
	standings[class.standing]
	matrix.stricter[class.publication]
	class.subject_kind in ["ORGANISATION", "HOUSEHOLD", "PERSON"]
	class.commercial in ["NONE", "CLAIMED", "CONFIRMED"]
	class.privacy in ["NONE", "PERSONAL", "SENSITIVE"]
	is_string(class.owner)
	is_array(class.narrowed)
	is_array(class.flags)
}
