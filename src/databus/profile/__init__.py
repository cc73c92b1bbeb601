"""Stage 4 of 6: facts become one profile.

In: events
Out: changes, findings
Next: databus.policy
"""
