"""The command line: `python -m app COMMAND`, a module for each command, found by command_line.

run, analyze, render           judge a camera, judge recordings, write pictures of the fake driver
status, trips, check           one-screen status; trips; what is wrong and what helps, which doctor looks for
admin_password, enable_https, disable_https, factory_reset    for the owner
options, settings_file, services       what several commands share
console, terminal, outlet      what is printed, and where nobody reads it
"""
