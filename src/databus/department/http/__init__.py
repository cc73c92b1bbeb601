"""The road in by HTTP: what a department may send, ask and prove at the intake."""
