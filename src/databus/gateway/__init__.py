"""Stage 6 of 6: the caller gets that and no more.

In: plans, records
Out: disclosures
Next: the world
"""
