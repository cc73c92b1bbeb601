package databus.release_test

import data.databus.release
import rego.v1

labels := {"LICENCE": {
	"holder": {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "mask": "name", "kind": "string"},
	"number": {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "string"},
	"birth_date": {"class": "PUBLIC", "commercial": "NONE", "privacy": "PERSONAL", "mask": "birth", "kind": "date"},
	"score": {"class": "AUTHORISED", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "int"},
	"remark": {"class": "GOV_SHARED", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "string"},
	"account": {"class": "AUTHORISED", "commercial": "NONE", "privacy": "SENSITIVE", "mask": "bank", "kind": "string"},
	"formula": {"class": "AUTHORISED", "commercial": "CLAIMED", "privacy": "NONE", "mask": "", "kind": "string"},
	"document": {"class": "INTERNAL", "commercial": "NONE", "privacy": "PERSONAL", "mask": "id_default", "kind": "string"},
	"note": {"class": "INTERNAL", "commercial": "NONE", "privacy": "NONE", "mask": "", "kind": "string"},
}}

class(changes) := object.union(
	{
		"record_type": "LICENCE", "subject_kind": "ORGANISATION", "publication": "PUBLIC", "commercial": "NONE",
		"privacy": "NONE", "standing": "SHOWN", "owner": "emergency", "narrowed": [], "flags": [],
	},
	changes,
)

question(changes, classes) := object.union(
	{
		"caller": {"name": "anonymous", "role": "PUBLIC", "organisation": ""}, "purpose": "", "relation": "none",
		"permit": null, "day": "2026-06-01", "classes": {},
	},
	object.union(changes, {"classes": classes}),
)

consent := {
	"permit_id": "c1", "version": 1, "kind": "CONSENT", "grantee": "agency-north", "record_types": ["LICENCE"],
	"items": [], "purposes": ["P12"], "terms": ["written"], "valid_from": "2026-01-01", "valid_to": "2026-12-31", "revoked": false,
}

agency(permit, purpose) := {
	"caller": {"name": "a", "role": "AGENCY", "organisation": "agency-north"}, "purpose": purpose,
	"relation": "permit", "permit": permit,
}

grant := {
	"permit_id": "g1", "version": 1, "kind": "GRANT", "grantee": "taxation", "record_types": [],
	"items": [], "purposes": ["P02"], "terms": [], "valid_from": "2026-01-01", "valid_to": "2026-12-31", "revoked": false,
}

department(slug, permit, purpose) := {
	"caller": {"name": "d", "role": "DEPARTMENT", "organisation": slug}, "purpose": purpose,
	"relation": "permit", "permit": permit,
}

ask(changes, record) := verdict if {
	verdict := release.decisions["1"] with input as question(changes, {"1": record}) with data.databus.labels as labels
}

actions(verdict) := {name: trim_space(sprintf("%s %s", [rule.action, rule.reason])) | some name, rule in verdict.fields}

refused(reasons) := {"visible": false, "reasons": reasons, "fields": {}, "obligations": []}

test_success_public_record_to_the_public if {
	verdict := ask({}, class({}))
	verdict.visible
	verdict.reasons == ["MASKED_PERSONAL", "OK_PUBLIC"]
	verdict.obligations == []
	actions(verdict) == {
		"holder": "KEEP", "number": "KEEP", "birth_date": "DROP MASKED_PERSONAL", "score": "DROP DENY_NOT_PUBLISHED",
		"remark": "DROP DENY_NOT_PUBLISHED", "account": "DROP DENY_PRIVACY", "formula": "DROP DENY_COMMERCIAL",
		"document": "DROP DENY_PRIVACY", "note": "DROP DENY_NOT_PUBLISHED",
	}
}

test_success_a_person_is_masked if {
	verdict := ask({}, class({"subject_kind": "PERSON"})) with data.databus.bases as {"publication": {"LICENCE": "a law"}}
	verdict.fields.holder == {"action": "MASK", "mask": "name", "reason": "MASKED_PERSONAL"}
	verdict.fields.number.action == "KEEP"
}

test_fail_a_person_without_a_law_that_orders_publication if {
	ask({}, class({"subject_kind": "PERSON"})) == refused(["DENY_NOT_PUBLISHED"])
}

test_success_owner_sees_everything_in_any_state if {
	every standing in ["SHOWN", "HIDDEN", "ARCHIVED", "REPAIRED", "REVOKED", "DELETED", "HELD", "WAITING", "MOVED"] {
		record := class({"standing": standing, "publication": "INTERNAL", "flags": ["work_secret"], "commercial": "CONFIRMED"})
		verdict := ask(department("emergency", null, ""), record)
		verdict.reasons == ["OK_OWNER"]
		{rule.action | some rule in verdict.fields} == {"KEEP"}
	}
}

test_fail_nobody_owns_by_an_empty_name if {
	not ask(department("", null, ""), class({"owner": "", "standing": "HELD"})).visible
}

test_success_five_explanations_of_an_authorised_record if {
	record := class({"publication": "AUTHORISED"})
	explanations := [
		ask({}, record).reasons,
		ask(department("taxation", grant, "P02"), record).reasons,
		ask(department("taxation", grant, ""), record).reasons,
		ask(agency(consent, "P12"), record).reasons,
		ask(agency(null, "P12"), record).reasons,
	]
	explanations == [["DENY_NOT_PUBLISHED"], ["OK_GRANT"], ["DENY_PURPOSE"], ["OK_CONSENT"], ["DENY_NO_CONSENT"]]
}

test_success_what_a_permit_adds_is_logged if {
	ask(agency(consent, "P12"), class({})).obligations == ["LOG"]
	ask(agency(consent, "P12"), class({})).reasons == ["MASKED_PERSONAL", "OK_CONSENT", "OK_PUBLIC"]
	actions(ask(agency(consent, "P12"), class({}))).score == "KEEP"
	actions(ask(agency(consent, "P12"), class({}))).remark == "DROP DENY_NOT_PUBLISHED"
}

test_success_a_grant_opens_what_departments_share if {
	actions(ask(department("taxation", grant, "P02"), class({}))) == {
		"holder": "KEEP", "number": "KEEP", "birth_date": "KEEP", "score": "KEEP", "remark": "KEEP",
		"account": "DROP DENY_PRIVACY", "formula": "DROP DENY_COMMERCIAL", "document": "DROP DENY_PRIVACY", "note": "DROP DENY_NOT_PUBLISHED",
	}
}

test_fail_authorised_against_shared_is_internal if {
	actions(ask(department("taxation", grant, "P02"), class({"publication": "AUTHORISED"}))).remark == "DROP DENY_NOT_PUBLISHED"
}

test_fail_each_way_a_permit_can_fall_short if {
	record := class({"publication": "AUTHORISED"})
	wrong := {
		"DENY_NO_CONSENT": [{"grantee": "agency-south"}, {"kind": "GRANT"}, {"valid_from": "2026-07-01"}],
		"DENY_CONSENT_EXPIRED": [{"valid_to": "2026-05-31"}],
		"DENY_CONSENT_REVOKED": [{"revoked": true}],
		"DENY_CONSENT_SCOPE": [{"record_types": ["OTHER"]}],
		"DENY_PURPOSE": [{"purposes": ["P10"]}],
	}
	every reason, changes in wrong {
		every change in changes {
			ask(agency(object.union(consent, change), "P12"), record) == refused([reason])
		}
	}
	ask(department("taxation", object.union(grant, {"valid_to": "2026-05-31"}), "P02"), record) == refused(["DENY_GRANT_EXPIRED"])
	ask(department("taxation", object.union(grant, {"revoked": true}), "P02"), record) == refused(["DENY_NO_GRANT"])
	ask(department("taxation", null, "P02"), record) == refused(["DENY_NO_GRANT"])
	ask(agency(consent, "P01"), record) == refused(["DENY_PURPOSE"])
	ask(agency(null, "nonsense"), record) == refused(["DENY_PURPOSE"])
	ask(object.union(agency(consent, "P12"), {"relation": "none"}), record) == refused(["DENY_NO_CONSENT"])
}

test_success_the_last_day_of_a_permit_counts if {
	ask(agency(object.union(consent, {"valid_to": "2026-06-01"}), "P12"), class({"publication": "AUTHORISED"})).visible
	ask(agency(object.union(consent, {"valid_from": "2026-06-01"}), "P12"), class({"publication": "AUTHORISED"})).visible
}

test_success_items_bound_a_permit if {
	verdict := ask(agency(object.union(consent, {"items": ["number", "note"]}), "P12"), class({"publication": "AUTHORISED"}))
	verdict.visible
	actions(verdict).number == "KEEP"
	actions(verdict).holder == "DROP DENY_CONSENT_SCOPE"
	actions(verdict).note == "DROP DENY_NOT_PUBLISHED"
}

test_fail_items_that_name_no_field_of_the_type if {
	verdict := ask(agency(object.union(consent, {"items": ["elsewhere"]}), "P12"), class({"publication": "AUTHORISED"}))
	not verdict.visible
	verdict.fields == {}
	"DENY_CONSENT_SCOPE" in verdict.reasons
}

test_success_sensitive_items_must_be_named if {
	permit := object.union(grant, {"items": ["account"]})
	actions(ask(department("taxation", permit, "P02"), class({}))).account == "KEEP"
	named := object.union(consent, {"items": ["account"]})
	actions(ask(agency(named, "P12"), class({}))).account == "DROP DENY_PRIVACY"
	separate := object.union(named, {"terms": ["written", "sensitive"]})
	actions(ask(agency(separate, "P12"), class({}))).account == "KEEP"
}

test_success_a_sensitive_record_needs_a_permit_with_items if {
	record := class({"privacy": "SENSITIVE", "publication": "AUTHORISED"})
	ask(department("taxation", grant, "P02"), record) == refused(["DENY_PRIVACY"])
	ask(department("taxation", object.union(grant, {"items": ["number"]}), "P02"), record).visible
	ask({}, record) == refused(["DENY_PRIVACY"])
}

test_fail_a_personal_item_without_written_consent if {
	oral := object.union(consent, {"terms": []})
	record := class({"subject_kind": "PERSON", "publication": "AUTHORISED"})
	ask(agency(oral, "P12"), record) == refused(["DENY_CONSENT_SCOPE"])
	ask(agency(consent, "P12"), record).visible
}

test_success_a_personal_record_of_an_organisation_follows_the_person if {
	record := class({"privacy": "PERSONAL", "publication": "AUTHORISED"})
	ask(agency(object.union(consent, {"terms": []}), "P12"), record) == refused(["DENY_CONSENT_SCOPE"])
}

test_success_commercial_secrets_need_their_term if {
	record := class({"commercial": "CONFIRMED"})
	ask({}, record) == refused(["DENY_COMMERCIAL"])
	ask(agency(consent, "P12"), record) == refused(["DENY_COMMERCIAL"])
	verdict := ask(agency(object.union(consent, {"terms": ["owner_consents"]}), "P12"), record)
	verdict.reasons == ["MASKED_PERSONAL", "OK_CONSENT"]
	ask(department("taxation", object.union(grant, {"terms": ["confidentiality"]}), "P02"), record).reasons == ["OK_GRANT"]
}

test_fail_standings_close if {
	reasons := {
		"HIDDEN": "DENY_EXPIRED", "REPAIRED": "DENY_REPAIRED", "ARCHIVED": "DENY_ARCHIVED", "REVOKED": "DENY_NOT_PUBLISHED",
		"DELETED": "DENY_NOT_PUBLISHED", "HELD": "DENY_NOT_PUBLISHED", "WAITING": "DENY_NOT_PUBLISHED", "MOVED": "DENY_NOT_PUBLISHED",
	}
	every standing, reason in reasons {
		ask({}, class({"standing": standing})) == refused([reason])
		ask(agency(consent, "P12"), class({"standing": standing})) == refused([reason])
	}
	ask(department("taxation", grant, "P02"), class({"standing": "REPAIRED"})) == refused(["DENY_REPAIRED"])
}

test_success_a_grant_reaches_hidden_records if {
	ask(department("taxation", grant, "P02"), class({"standing": "HIDDEN"})).reasons == ["OK_GRANT"]
}

test_success_the_subject_itself if {
	verdict := ask({"relation": "self"}, class({"standing": "REPAIRED"}))
	verdict.reasons == ["OK_SELF"]
	verdict.obligations == ["FLAG_REPAIRED", "LOG"]
	actions(verdict).account == "KEEP"
	actions(verdict).formula == "KEEP"
	actions(verdict).document == "DROP DENY_PRIVACY"
}

test_success_a_steward_sees_masked if {
	steward := {"caller": {"name": "s", "role": "STEWARD", "organisation": ""}}
	verdict := ask(steward, class({"publication": "AUTHORISED"}))
	verdict.reasons == ["MASKED_PERSONAL", "OK_STEWARD"]
	verdict.fields.account == {"action": "MASK", "mask": "bank", "reason": "MASKED_PERSONAL"}
	ask(steward, class({"privacy": "SENSITIVE"})) == refused(["DENY_PRIVACY"])
	verdict.fields.birth_date.reason == "MASKED_PERSONAL"
}

test_fail_an_officer_sees_no_record if {
	ask({"caller": {"name": "o", "role": "OFFICER", "organisation": ""}}, class({})) == refused(["DENY_NOT_PUBLISHED"])
}

test_fail_work_secrets if {
	ask(department("taxation", grant, "P02"), class({"flags": ["work_secret"]})) == refused(["DENY_WORK_SECRET"])
}

test_success_flags_oblige if {
	ask({}, class({"flags": ["objection"]})).obligations == ["FLAG_OBJECTION"]
	ask({}, class({"flags": ["unverified"]})) == refused(["DENY_NOT_PUBLISHED"])
	ask(agency(consent, "P12"), class({"flags": ["unverified"]})).obligations == ["FLAG_UNVERIFIED", "LOG"]
}

test_success_narrowed_fields if {
	record := class({"narrowed": ["holder:AUTHORISED", "score"]})
	actions(ask({}, record)).holder == "DROP DENY_NOT_PUBLISHED"
	actions(ask({}, record)).number == "KEEP"
	actions(ask(agency(consent, "P12"), record)).holder == "KEEP"
	actions(ask(agency(consent, "P12"), record)).score == "DROP DENY_NOT_PUBLISHED"
}

test_fail_unknown_classes if {
	broken := [
		{"record_type": "NOBODY_KNOWS"}, {"standing": "NEW"}, {"publication": "OPEN"}, {"subject_kind": "ROBOT"}, {"commercial": "MAYBE"},
		{"privacy": "SOME"}, {"owner": null}, {"narrowed": null}, {"flags": "objection"},
	]
	every change in broken {
		ask({}, class(change)) == refused(["DENY_UNKNOWN_CLASS"])
	}
}

test_fail_malformed_questions if {
	broken := [
		{"caller": null}, {"caller": {"name": 1, "role": "PUBLIC", "organisation": ""}}, {"relation": "friend"}, {"day": "today"}, {"purpose": null},
		{"caller": {"name": "x", "role": "ROOT", "organisation": ""}}, {"permit": "yes"}, {"permit": object.remove(consent, ["revoked"])},
		{"permit": object.union(consent, {"valid_to": 9})}, {"permit": object.union(consent, {"items": null})},
	]
	every change in broken {
		ask(change, class({})) == refused(["ERR_POLICY"])
	}
}

test_fail_fields_without_their_labels if {
	every name in ["class", "privacy", "commercial", "mask", "kind"] {
		half := {"LICENCE": {"holder": object.remove(labels.LICENCE.holder, [name]), "number": labels.LICENCE.number}}
		verdict := release.decisions["1"] with input as question({}, {"1": class({})}) with data.databus.labels as half
		verdict.fields.holder == {"action": "DROP", "mask": "", "reason": "DENY_UNKNOWN_CLASS"}
	}
}

test_fail_holes_in_the_matrix if {
	ask({}, class({})) == refused(["DENY_NOT_PUBLISHED"]) with data.databus.matrix.cells.ORGANISATION.PUBLIC.PUB as {"mode": "FULL"}
	ask({}, class({})) == refused(["DENY_NOT_PUBLISHED"]) with data.databus.matrix.cells.ORGANISATION.PUBLIC.PUB as {"mode": "OPEN", "terms": []}
	actions(ask({}, class({"narrowed": ["holder:SECRETIVE"]}))).holder == "DROP DENY_NOT_PUBLISHED"
	ask({}, class({})) == refused(["DENY_NOT_PUBLISHED"]) with data.databus.standings.SHOWN as {"colums": ["PUB"]}
}

test_success_one_verdict_per_class if {
	verdicts := release.decisions with input as question({}, {"1": class({}), "2": class({"owner": "taxation"})})
		with data.databus.labels as labels
	object.keys(verdicts) == {"1", "2"}
	verdicts["1"] == verdicts["2"]
}

test_fail_no_question_at_all if {
	release.decisions == {"*": refused(["ERR_POLICY"])} with input as {}
}
