"""The page: what the detector sees and costs, its settings, its restart; for a laptop or a phone.

A request comes in by guard.py; *_page.py, login.py, account.py and api.py hold the routes; parts.py is what they
share.
"""
