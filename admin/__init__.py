"""The page: what the detector sees and costs, its settings, its restart; for a laptop or a phone.

A request comes in by auth/guard.py. The routes are in pages/, settings/, restart/, auth/ and, for programs, in api.py;
application.py makes it all once, and parts.py is what the routes share.
"""
