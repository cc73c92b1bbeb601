"""Workbooks (ECMA-376), read and written as a stream: nothing of them is held but the row at hand.

A library would hold every text of a workbook, take Excel's Chinese date formats for numbers, and be several times slower.
What a workbook may do to its reader is refused: entities, bombs, formulas, links.
"""
