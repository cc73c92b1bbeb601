"""A mapping proposed from a file's headers and values. What they do not settle is asked, never guessed."""
