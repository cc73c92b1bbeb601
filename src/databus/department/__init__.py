"""Stage 1 of 6: a department hands over a fact.

In: rows of a department's own file
Out: submissions
Next: databus.bus
"""
