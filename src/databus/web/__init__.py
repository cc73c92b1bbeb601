"""What portal, desk and console share: templates, languages, problems, cursors, paging, security headers."""
