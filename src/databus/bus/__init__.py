"""Stage 2 of 6: the log keeps it, in order.

In: Submission
Out: Submission
Next: databus.quality
"""
