#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes and buffers can have names that a terminal or a program would take for something else:
# tables, JSON and error messages show a question mark for each control and for what is no UTF-8.
. "$(dirname "$0")/../lib/tphctl.sh"

[ "$(id -u)" = 0 ] || skip "not root"
unshare -m true || skip "no mount namespaces here"
if grep -q __asan_init "$tphctl"; then
	skip "the address sanitizer reads the real /proc"
fi
mkdir -p "$work/proc/5/fdinfo"
printf 'evil\302\2331m\177\n' >"$work/proc/5/comm"
{
	printf 'ino:\t9\nsize:\t4096\ncount:\t1\nexp_name:\tsystem\n'
	printf 'name:\t\342\200\256\033[31m\377\nino:\t1\n'
} >"$work/proc/5/fdinfo/3"
# Without /proc the loader does not find what lies beside the program.
LD_LIBRARY_PATH=$build/libtph unshare -m sh -ec \
	'mount --bind "$1" /proc; "$2" bufs; "$2" bufs --json' - "$work/proc" "$tphctl" \
	>"$work/said"
grep 'evil?1m? 5, fd 3' "$work/said"
grep -F '"name": "??[31m?"' "$work/said"
tr -d '\n' <"$work/said" | sed 's/└─//g' >"$work/line"
LC_ALL=C absent '[^ -~]' "$work/line"
tphctl_says 'no such command: a\?b\?c; ' 2 $'a\033b\nc'
