"""What the daemon and the page agree on: each setting declared once, read, checked, patched and saved.

declaration -> settings -> check -> read -> patch -> reference
                                                  └-> store (over disk, in the folders of paths)

declaration.py  what is known of one setting: default, limits, unit, label, help, source, profile values
settings.py     every setting, as frozen sections with typed attributes
analysis.py     those of attention
check.py        is a value allowed; do the values agree with each other
document.py     YAML text -> nodes with their places, refusing all that a settings file has no need of
read.py         YAML text -> values and problems, each with its line
patch.py        change single values in a text and nothing else
reference.py    config.yaml and the table of SETTINGS.md, printed from the declarations
lost.py         has a file lost its settings, or are they gone because somebody wanted that
told.py         what snapd was told last
shelf.py        where earlier files are kept, and what they are called
versions.py     earlier and rejected files, with the time at which each was saved
store.py        load, save, last good copy, history, rolling back
disk.py         the file-system calls that saving makes
own_files.py    files in the run folder, which is used only where it is this user's alone
durable.py      replace a file so that a power cut leaves the old one or the new one
password.py     the page's password, kept as its hash
https.py        where the page listens: HTTPS or not, and with which certificate
certificates.py made by this device, or the owner's
openssl.py      the command that makes and checks them
paths.py        where the data, run and common folders are, and what the files in them are called
commands.py     commands as they are on this machine, for who has to be told one
snapd.py        `snap set` and `snap get`, as the configure hook
__main__.py     `python -m config`: yaml, table, check, show, set, migrate
"""
