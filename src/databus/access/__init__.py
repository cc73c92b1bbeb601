"""Who a caller is: accounts, client credentials, tokens, and the samples of the first run."""
