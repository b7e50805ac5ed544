"""What the daemon and the page agree on: each setting declared once, read, checked, patched and saved.

declaration -> settings -> check -> read -> patch
                                      └-> store (over disk, in the folders of paths)

declaration.py  what is known of one setting: default, limits, unit, label, help, source, profile values
settings.py     every setting, as frozen sections with typed attributes
check.py        is a value allowed; do the values agree with each other
read.py         YAML text -> values and problems, each with its line
patch.py        change single values in a text and nothing else
store.py        load, save, last good copy, history
disk.py         the file-system calls that saving makes
paths.py        where the data, run and common folders are
reference.py    config.yaml and the README's table, printed from the declarations
"""
