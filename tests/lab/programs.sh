#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs in one guest, one after the other, with a result for each: lib/tap.py reads the output.
# A program may request a fault (tests/guest/host.c): it writes the arguments of tphlab ctl to
# $share/ask, and finds the output of tphlab ctl in $share/answer.
# usage: programs.sh OPTION… -- 'PROGRAM ARGUMENT…'…
. "$(dirname "$0")/../lib/guest.sh"

in_the_guest='
	PATH=/mnt/share:$PATH
	for program; do
		echo "#: program ${program// /-}"
		bash -c "$program"
		echo "#: status $?"
	done'

fault() {
	local words
	read -ra words <"$share/ask"
	rm "$share/ask"
	lab/tphlab ctl "${words[@]}" >"$work/answer" 2>&1 || :
	printf 'ctl %s: %s\n' "${words[*]}" "$(<"$work/answer")" >&2
	cp "$work/answer" "$share/part"
	mv "$share/part" "$share/answer"
}

options=()
while [ "$1" != -- ]; do
	options+=("$1")
	shift
done
shift
scratch_make
export TMPDIR=$scratch
share_make
touch "$share/listens"
in_guest --share "$share" "${options[@]}" -- \
	env CMOCKA_MESSAGE_OUTPUT=TAP bash -c "$in_the_guest" programs "$@" &
guest=$!
exec {never}<> <(:)
while kill -0 $guest 2>/dev/null; do
	[ ! -e "$share/ask" ] || fault
	read -rt 0.05 -u "$never" || :
done
wait $guest
