#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs in one guest, one after the other, each with a verdict of its own: lib/tap.py reads what
# this prints. A program may ask for a fault (tests/guest/host.c): its words come in $share/ask, go
# to tphlab ctl, and what that says comes back in $share/answer.
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
