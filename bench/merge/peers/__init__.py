"""Who is measured: each peer is a process of its own that reads its orders from stdin and prints what it has spent."""
