"""The three engines: each module prepares its folder and describes its process as a `Part`."""
