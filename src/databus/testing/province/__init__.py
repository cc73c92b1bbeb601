"""A synthetic province: deterministic, driven by schemas/, with a ledger of what it did."""
