# METADATA
# title: One field of one class
# description: Gates in a fixed order; the first that closes gives the reason, the matrix gives the mode.
# schemas:
#   - input: schema.question
package databus.field

import data.databus.bases
import data.databus.masks
import data.databus.matrix
import data.databus.requester
import data.databus.standings
import rego.v1

# METADATA
# description: >
#   All that a verdict depends on. What differs without mattering is left out: the owner of a record is asked nothing else,
#   and of the type only counts whether the permit covers it.
facts(class) := {"owned": true, "narrowed": []} if {
	requester.owns(class)
} else := {
	"owned": false,
	"covered": requester.covers(class.record_type),
	"work_secret": "work_secret" in class.flags,
	"publication": _of_record(class),
	"subject_kind": class.subject_kind,
	"commercial": class.commercial,
	"privacy": class.privacy,
	"standing": class.standing,
	"narrowed": class.narrowed,
}

# METADATA
# description: >
#   The action on a field with its label {class, commercial, privacy, mask, kind}. `grounds` says by which right
#   it is seen, empty if it is not. An empty name asks for the record as a whole, `*` for any field that neither
#   the permit nor the record names.
verdict(class, name, label) := _kept("OK_OWNER") if {
	class.owned
} else := _dropped("DENY_WORK_SECRET") if {
	class.work_secret
} else := _dropped("DENY_UNKNOWN_CLASS") if {
	not _labelled(label)
} else := _judged(class, name, label, requester.column(class.covered, name))

_judged(class, name, label, column) := _dropped(_closed(class.standing)) if {
	not _admitted(class.standing, column)
} else := _dropped("DENY_PRIVACY") if {
	_sensitive(class, label)
	not _may_see_sensitive(class, column, name)
} else := _dropped("DENY_COMMERCIAL") if {
	_commercial(class, label)
	not _may_see_commercial(column)
} else := _by_matrix(class, name, label, column)

# Opening needs everything to be there; whatever is missing or misspelt in the data ends in the last line.
_by_matrix(class, name, label, column) := _shown(label, _grounds(class, name, label, column)) if {
	_cell(class, name, label, column) == "MASKED"
	_personal(class, label)
} else := _kept(_grounds(class, name, label, column)) if {
	_cell(class, name, label, column) in ["FULL", "MASKED"]
} else := _dropped(_refusal(class, name, label, _publication(class, name, label), column))

_cell(class, name, label, column) := cell.mode if {
	cell := matrix.cells[_group(class, label)][_publication(class, name, label)][column]
	requester.carries(cell.terms)
}

_admitted(standing, column) if column in standings[standing].columns

_closed(standing) := object.get(standings[standing], "reason", "DENY_NOT_PUBLISHED")

_labelled(label) if {
	label.class in object.keys(matrix.stricter)
	label.commercial in ["NONE", "CLAIMED", "CONFIRMED"]
	label.privacy in ["NONE", "PERSONAL", "SENSITIVE"]
	is_string(label.mask)
	is_string(label.kind)
}

_shown(label, grounds) := {"action": "MASK", "mask": label.mask, "reason": "MASKED_PERSONAL", "grounds": grounds} if {
	label.kind == "string"
	masks[label.mask]
} else := _dropped("MASKED_PERSONAL")

_kept(grounds) := {"action": "KEEP", "mask": "", "reason": "", "grounds": grounds}

_dropped(reason) := {"action": "DROP", "mask": "", "reason": reason, "grounds": ""}

# Everybody's right comes first: a permit is named only for what it adds.
_grounds(class, name, label, column) := "OK_PUBLIC" if {
	class.standing == "SHOWN"
	not _sensitive(class, label)
	not _commercial(class, label)
	cells := matrix.cells[_group(class, label)][_publication(class, name, label)]
	cells.PUB.mode == cells[column].mode
} else := matrix.reasons[column]

_refusal(class, _, label, "INTERNAL", _) := "DENY_PRIVACY" if {
	_personal(class, label)
} else := "DENY_NOT_PUBLISHED"

_refusal(class, name, label, publication, column) := requester.scope if {
	matrix.cells[_group(class, label)][publication][column]
} else := requester.shortfall(class.covered, name) if {
	_a_permit_would_do(class, label, publication)
} else := "DENY_NOT_PUBLISHED" if {
	publication != "INTERNAL"
}

_a_permit_would_do(class, label, publication) if {
	column := matrix.columns[input.caller.role]["with"]
	matrix.cells[_group(class, label)][publication][column]
}

_group(class, label) := "PERSON" if {
	_personal(class, label)
} else := "PERSON" if {
	"PERSON" == class.subject_kind
} else := "PERSON" if {
	class.privacy != "NONE"
} else := "ORGANISATION"

_personal(_, label) if label.privacy != "NONE"

_personal(class, label) if class.subject_kind in masks[label.mask].kinds

_sensitive(class, _) if class.privacy == "SENSITIVE"

_sensitive(_, label) if label.privacy == "SENSITIVE"

_may_see_sensitive(_, "SELF", _)

# A steward sees a sensitive item, and only masked; of a record that is sensitive as a whole nothing.
_may_see_sensitive(class, "STW", _) if class.privacy != "SENSITIVE"

_may_see_sensitive(_, column, name) if {
	requester.carries(matrix.sensitive[column])
	requester.names(name)
}

_commercial(class, _) if class.commercial != "NONE"

_commercial(_, label) if label.commercial != "NONE"

_may_see_commercial(column) if requester.carries(matrix.commercial[column])

_publication(class, name, label) := publication if {
	publication := matrix.stricter[matrix.stricter[class.publication][label.class]][_narrowed(class, name)]
} else := "INTERNAL"

# What no law opens, and what nobody has confirmed, is given out by authorisation instead; a stricter class stays as it is.
_of_record(class) := "AUTHORISED" if {
	class.publication == "PUBLIC"
	class.subject_kind == "PERSON"
	not bases.publication[class.record_type]
} else := "AUTHORISED" if {
	class.publication == "PUBLIC"
	"unverified" in class.flags
} else := class.publication

# An entry is a name, or a name and its class: `amount` is INTERNAL, `amount:AUTHORISED` is AUTHORISED. The name of a field that
# holds records stands for all their parts. Two classes for one field have only INTERNAL in common.
_narrowed(class, name) := "INTERNAL" if {
	some word in [name, split(name, ".")[0]]
	word in class.narrowed
} else := "INTERNAL" if {
	count(_classes(class, name)) > 1
} else := to if {
	some to in _classes(class, name)
} else := "PUBLIC"

_classes(class, name) := {to |
	some entry in class.narrowed
	[word, to] = split(entry, ":")
	word in [name, split(name, ".")[0]]
}
