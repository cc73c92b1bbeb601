# METADATA
# title: Who is asking
# description: The column of the matrix in which the caller stands, and what its permit lacks.
# schemas:
#   - input: schema.question
package databus.requester

import data.databus.matrix
import data.databus.purposes
import rego.v1

# METADATA
# description: True if the caller's department owns records of this class.
default owns(_) := false

owns(class) if {
	input.caller.role == "DEPARTMENT"
	input.caller.organisation != ""
	class.owner == input.caller.organisation
}

# METADATA
# description: True if the permit is about records of this type.
default covers(_) := false

covers(record_type) if _within(record_type, input.permit.record_types)

# METADATA
# description: The column for one field of a type that the permit covers or not; an empty item asks for the record as a whole.
column(covered, item) := "SELF" if {
	input.relation == "self"
} else := _role["with"] if {
	shortfall(covered, item) == ""
} else := _role.without

# METADATA
# description: Why the permit does not cover the field, empty if it does.
shortfall(covered, item) := _permit_lacks if {
	_permit_lacks != ""
} else := _words.scope if {
	not _in_scope(covered, item)
} else := ""

# METADATA
# description: True if the permit carries every one of these terms.
carries(terms) if {
	lacking := [term | some term in terms; not _carried(term)]
	count(lacking) == 0
}

# METADATA
# description: True if the permit names the item itself, not what holds it; for a record as a whole, if it names any.
names(item) if item in input.permit.items

names("") if count(input.permit.items) > 0

# METADATA
# description: The word for a permit that does not reach this far.
default scope := "DENY_NOT_PUBLISHED"

scope := _words.scope

_role := matrix.columns[input.caller.role]

_words := matrix.shortfalls[_role.permit]

default _permit_lacks := "DENY_NOT_PUBLISHED"

_permit_lacks := "DENY_PURPOSE" if {
	_words
	not _purposeful
} else := _words.none if {
	not _granted
} else := _words.revoked if {
	input.permit.revoked
} else := _words.expired if {
	input.day > input.permit.valid_to
} else := _words.none if {
	input.day < input.permit.valid_from
} else := "DENY_PURPOSE" if {
	not input.purpose in input.permit.purposes
} else := "" if {
	_words
}

_carried(term) if term in input.permit.terms

_purposeful if input.caller.role in purposes[input.purpose].roles

_granted if {
	input.relation == "permit"
	input.permit.kind == _role.permit
	input.permit.grantee == input.caller.organisation
}

_in_scope(true, item) if _within(item, input.permit.items)

_within(_, limits) if count(limits) == 0

_within(word, limits) if split(word, ".")[0] in limits

_within(word, limits) if word in limits

_within("", _)
