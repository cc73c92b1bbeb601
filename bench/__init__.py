"""Measurements that need more than a stack of their own: faults, peers, oracles. `databus bench NAME` finds them in a checkout."""
