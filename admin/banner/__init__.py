"""The banner of every page: what needs attention, as lines (lines, pure), read from the facts of now (banner_part)."""
