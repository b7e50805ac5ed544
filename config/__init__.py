"""What the daemon and the page agree on: each setting declared once, read, checked, patched and saved.

declaration -> settings -> check -> read -> patch -> reference
                                                  └-> store (over disk, in the folders of paths)

declaration       what is known of one setting: default, limits, unit, label, help, source, profile values
settings          every setting, as frozen sections; analysis: those of attention; admin: those of the page
check             is a value allowed; do the values agree with each other
document          YAML text -> nodes with their places, refusing all that a settings file has no need of
read              YAML text -> values and problems, each with its line; keys of older releases (OLDER_KEYS)
patch             change single values in a text and nothing else
reference         config.yaml and the table of SETTINGS.md, printed from the declarations
store             load, save, last good copy, history, rolling back; over disk (system calls), durable (replace a file)
lost_settings     has a file lost its settings, or are they gone because somebody wanted that
versions          earlier and rejected files: their names, and the time at which each was saved
own_files         files in the run folder, used only where it is this user's alone; password: the page's, as its hash
https             where the page listens; certificates: made by this device, or the owner's; openssl makes them
paths             where the data, run and common folders are, and what the files in them are called
commands          commands as they are on this machine, for who has to be told one
snapd             `snap set` and `snap get`, as the configure hook; snapd_told: what snapd was told last
release_date      the day before which no clock is believed
__main__          `python -m config`: yaml, table, check, show, set, migrate
"""
