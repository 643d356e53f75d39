#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A run that is ended from outside takes its processes along, and its files but for SIGKILL.
# usage: interrupted.sh SIGNAL process|group
. "$(dirname "$0")/../lib/check.sh"

signal=$1 to=$2
scratch_make
export TMPDIR=$scratch
set -m
lab/tphlab run -- sleep 60 &
pid=$!
set +m
for ((tries = 0; tries < 600; tries++)); do
	kill -0 $pid
	[ ! -S "$(echo "$TMPDIR"/tphlab.*/dev/control.sock)" ] || break
	sleep 0.1
done
sleep 2
pgrep -f "fabricd --dir $TMPDIR" >/dev/null
[ "$to" = process ] || pid=-$pid
kill "-$signal" -- "$pid"
wait "${pid#-}" || :
sleep 1
pgrep -af "$TMPDIR" >"$work/left" || [ $? = 1 ]
empty "$work/left"
if [ "$signal" != KILL ]; then
	ls -R "$TMPDIR" >"$work/files"
	[ "$(wc -l <"$work/files")" = 1 ] || fail "files are left: $(<"$work/files")"
fi
