"""Stage 1 of 6: a department hands over a fact.

In: rows, requests and records of a department's own
Out: submissions
Next: databus.bus
"""
