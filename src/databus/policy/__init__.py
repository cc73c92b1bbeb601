"""Stage 5 of 6: may this caller see it, and why?

In: label classes, permits
Out: plans, decisions
Next: databus.gateway
"""
