package databus.release_test

import rego.v1

# A field that holds records: policy judges each part by itself, under its path.
holding := {"LICENCE": {
	"number": labels.LICENCE.number,
	"moves.day": {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "date"},
	"moves.buyer": {"class": "AUTHORISED", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "string"},
	"moves.phone": {"class": "AUTHORISED", "commercial": "NONE", "privacy": "SENSITIVE", "mask": "mobile", "kind": "string"},
}}

part_verdict(changes, record) := verdict if {
	verdict := data.databus.release.decisions["1"] with input as question(changes, {"1": record}) with data.databus.labels as holding
}

test_success_parts_are_judged_one_by_one if {
	seen := actions(part_verdict({}, class({})))
	seen["moves.day"] == "KEEP"
	seen["moves.buyer"] == "DROP DENY_NOT_PUBLISHED"
	seen["moves.phone"] == "DROP DENY_PRIVACY"
}

test_success_the_whole_names_its_parts_but_no_sensitive_one if {
	some_parts := actions(part_verdict(agency(object.union(consent, {"items": ["moves"]}), "P12"), class({})))
	some_parts["moves.buyer"] == "KEEP"
	some_parts["moves.phone"] == "DROP DENY_PRIVACY"
	each := object.union(consent, {"items": ["moves", "moves.phone"], "terms": ["written", "sensitive"]})
	actions(part_verdict(agency(each, "P12"), class({})))["moves.phone"] == "KEEP"
}

test_success_a_part_alone_may_be_named if {
	one := actions(part_verdict(agency(object.union(consent, {"items": ["moves.buyer"]}), "P12"), class({"publication": "AUTHORISED"})))
	one["moves.buyer"] == "KEEP"
	one["moves.day"] == "DROP DENY_CONSENT_SCOPE"
}

test_success_narrowing_the_whole_narrows_its_parts if {
	whole := actions(part_verdict({}, class({"narrowed": ["moves"]})))
	whole["moves.day"] == "DROP DENY_NOT_PUBLISHED"
	whole.number == "KEEP"
	shared := actions(part_verdict(department("taxation", grant, "P02"), class({"narrowed": ["moves:GOV_SHARED"]})))
	shared["moves.day"] == "KEEP"
	part := actions(part_verdict({}, class({"narrowed": ["moves.day:AUTHORISED"]})))
	part["moves.day"] == "DROP DENY_NOT_PUBLISHED"
}

test_success_two_narrowings_have_only_the_strictest_in_common if {
	both := class({"narrowed": ["number:AUTHORISED", "number:GOV_SHARED"]})
	actions(part_verdict(agency(consent, "P12"), both)).number == "DROP DENY_NOT_PUBLISHED"
	actions(part_verdict(department("taxation", grant, "P02"), both)).number == "DROP DENY_NOT_PUBLISHED"
}
