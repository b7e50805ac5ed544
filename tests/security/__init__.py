"""The security check-list: checklist.py has its rows, each with its tests; the tests here fill the gaps."""
