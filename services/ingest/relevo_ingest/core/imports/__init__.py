"""Files that tell a shop's past: from lines to records, from records to drafts of historical events. Pure.

`lines` and `records` read text, `kinds` and `fields` say what can be imported, `mapping` what stands in which column,
`values` how a cell is read, `grouping` which records belong together, `drafting` makes the events, `rejecting` what
can't be taken.
"""
