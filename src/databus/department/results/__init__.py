"""Result files: every row as it was, and what became of it; to be corrected in place and published again."""
