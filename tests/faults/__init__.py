"""What it survives: `make test-faults` tries each fault on the real code and prints one table.

tally.py        a row of the table, and the table
scratch.py      folders to break things in
writers.py      who saves what, and what must be there after a power cut
powercuts.py    writers killed at random moments
unsynced.py     writers on a disk that forgets what was not synced (recorder.c sees their calls)
clock.py        clocks that jump, suspend, frames that come when they like
camera.py       cameras that fail and come back, 500 times
devices.py      what fails: scripted devices, files that somebody damages
played.py       a played V4L2 camera that fails before a real detector
lockstep.py     one time for a detector and the threads of its camera
detectors.py    real detectors in folders of their own
disk.py         disks that are full, read-only, forbidden or damaged, under real detectors
saving.py       whatever else hinders saving, under real detectors that must watch on
hindrances.py   what that is, from a full run folder to calls that never return (hang.c makes them)
lost.py         settings that are lost, certificates that are damaged
fuzz.py         settings, changes and forms that nobody would write
coverage.py     the same, led by coverage
requests.py     bytes that are no requests, to a real gunicorn
__main__.py     the command
"""
