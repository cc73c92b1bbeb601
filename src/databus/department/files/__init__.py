"""Files of a department, row by row, in memory that does not grow with the file: CSV, NDJSON and XLSX; UTF-8 or GB18030."""
