#!/bin/sh
# Keeps the least memory that was available, in kB, in a file:   memory-watcher.sh FILE
set -eu
while read -r name kb _; do
    [ "$name" != MemTotal: ] || least=$kb
done < /proc/meminfo
while sleep 1; do
    while read -r name kb _; do
        [ "$name" != MemAvailable: ] || [ "$kb" -ge "$least" ] || least=$kb
    done < /proc/meminfo
    echo "$least" > "$1"
done
