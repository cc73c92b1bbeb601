"""How the records of each projected topic become rows."""
