package system.authz_test

import data.system.authz
import rego.v1

runtime := {"env": {"DATABUS_OPA_TOKEN": "t0ken"}}

test_success_the_token if {
	authz.allow with input as {"identity": "t0ken", "path": ["v1", "data"]} with opa.runtime as runtime
}

test_success_health_and_metrics_are_open if {
	authz.allow with input as {"path": ["health"]} with opa.runtime as runtime
	authz.allow with input as {"path": ["metrics"]} with opa.runtime as runtime
}

test_fail_no_or_foreign_token if {
	not authz.allow with input as {"path": ["v1", "data"]} with opa.runtime as runtime
	not authz.allow with input as {"identity": "other", "path": ["v1", "data"]} with opa.runtime as runtime
	not authz.allow with input as {"identity": "t0ken", "path": ["v1", "data"]} with opa.runtime as {"env": {}}
}

test_fail_empty_token_opens_nothing if {
	not authz.allow with input as {"identity": "", "path": ["v1", "data"]} with opa.runtime as {"env": {"DATABUS_OPA_TOKEN": ""}}
}

test_fail_paths_below_health if {
	not authz.allow with input as {"path": ["health", "x"]} with opa.runtime as runtime
}
