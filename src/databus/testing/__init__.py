"""Shipped fakes, builders and the sample province: what our own tests use, others may use too."""
