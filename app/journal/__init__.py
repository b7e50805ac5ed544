"""The record of events and trips in SQLite: written by the detector, read by the page.

journal         what the detector writes, bounded by count and age
journal_file    opening the file; one that is damaged is set aside
journal_schema  the tables and their MIGRATIONS; journal_copies: the copy from before an update, and when it comes back
retention       what is deleted for its age or number, and the wall time of a row
deletion        the owner's wish to delete everything, until it is done
entries, trips  events and trips as the page and the commands read them; csv_table: as CSV
trip            what is counted of one trip, and its score
"""
