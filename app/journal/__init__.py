"""The record of events and trips in SQLite: written by the detector, read by the page.

journal                   what the detector writes, bounded by count and age; retention: what is deleted for its age
deletion                  the owner's wish to delete everything, until it is done
journal_file              opening the file; a damaged one is set aside
journal_schema            the tables and their MIGRATIONS; journal_copies: the copy from before an update
entries, trips, csv_table events and trips as the page and the commands read them; trip: what is counted, its score
"""
