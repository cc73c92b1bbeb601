"""The contracts under schemas/ as objects: types, catalogue entries, codes, rules, and the Avro codec."""
