"""The command line: `python -m app COMMAND`; command_line finds the module of that name. doctor does the work of check.

options, settings_file, services    what several commands share
console, terminal, outlet           what is printed, also where nobody reads it
"""
