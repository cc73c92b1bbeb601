"""The trail: decision records durable before release, counts of public reads, and the search over both."""
