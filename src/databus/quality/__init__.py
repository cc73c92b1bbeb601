"""Stage 3 of 6: is it fit to be believed?

In: submissions of the departments' inboxes
Out: events, findings
Next: databus.profile
"""
