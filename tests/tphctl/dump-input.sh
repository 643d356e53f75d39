#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A dump that cannot be read or has nothing in it: one line, with the dump's line where known.
. "$(dirname "$0")/../lib/tphctl.sh"

# refused PATTERN FILE
refused() {
	tphctl_says "list: cannot read the dump $1" 1 list --dump "$2"
}

dump=$work/dump
refused '/nonexistent: No such file or directory; lspci -D -xxxx writes one' /nonexistent
printf 'nothing\n' >"$dump"
refused '.*: ' "$dump"
printf '00:01.0 x\n00: zz\n' >"$dump"
refused '.*line 2' "$dump"
: >"$dump"
refused '.*: there is no function in it' "$dump"
# A dump from standard input
"$tphctl" list --json --dump - <"$build/tests/dumps/switch.dump" >"$work/piped"
"$tphctl" list --json --dump "$build/tests/dumps/switch.dump" | diff - "$work/piped"
refused '.*: (Is a directory|Input/output error); lspci' "$work"
