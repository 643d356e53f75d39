#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's exit status, output, errors and shared folder are those of the command. A folder for
# the run that cannot be made is one line.
. "$(dirname "$0")/../lib/check.sh"

says '^no$' 42 lab/tphlab run -- sh -c 'echo no >&2; exit 42'
text=$(lab/tphlab run -- sh -c 'echo "a  b"; echo c >&2' 2>/dev/null)
[ "$text" = "a  b" ]
mkdir "$work/share"
lab/tphlab run --share "$work/share" -- cp /proc/version /mnt/share/here
grep Linux "$work/share/here"
says '^tphlab: no folder for the run in /nonexistent' 125 env TMPDIR=/nonexistent lab/tphlab demo
