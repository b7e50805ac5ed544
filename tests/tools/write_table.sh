#!/bin/sh
# Writes what a command prints into a file, below the command:   write_table.sh FILE COMMAND...
# REPORT=PATH takes the file that the command leaves there instead, without its charts, which are not kept.
# The exit status is the command's, and a table is written even where a goal was missed. Where nothing was printed, the
# file stays as it was.
set -eu
file=$1
shift

quoted() {
    for word; do
        case $word in
        *[!a-zA-Z0-9_./=:,-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
}

[ -z "${REPORT-}" ] || rm -f "$REPORT" # so that an older report is not taken for this one
status=0
"$@" >"$file.printed" || status=$?
{
    printf "Written by \`%s\`; do not edit it.\n\n" \
        "${REPORT:+REPORT=$REPORT }tests/tools/write_table.sh$(quoted "$file" "$@")"
    sed '/^!\[/d' "${REPORT:-$file.printed}" | cat -s
} >"$file.new"
[ ! -s "${REPORT:-$file.printed}" ] || mv "$file.new" "$file"
rm -f "$file.printed" "$file.new"
exit "$status"
