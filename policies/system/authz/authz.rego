# METADATA
# title: Who may call OPA itself
# description: The bearer token of this machine's gateway; health and metrics are open.
package system.authz

import rego.v1

# METADATA
# description: True if this call of OPA's own API is allowed.
# entrypoint: true
default allow := false

allow if {
	token := opa.runtime().env.DATABUS_OPA_TOKEN
	token != ""
	input.identity == token
}

allow if input.path in [["health"], ["metrics"]]
