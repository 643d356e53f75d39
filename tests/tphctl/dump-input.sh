#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A dump in which there is nothing to read: one line that says what it is and what to do. What can
# be read in part is in the golden tests.
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
refused '.*: there is text about functions in it, but no byte of theirs; write' "$dump"
: >"$dump"
refused '.*: it is empty; write the dump with lspci -xxxx' "$dump"
gzip -nc <"$build/tests/dumps/switch.dump" >"$dump"
refused '.*: it is compressed by gzip; unpack it with zcat' "$dump"
# A line that cannot be read is a warning: one line of its own, and no failure.
printf '00:01.0 x\n00: 86 80 00 00 zz\n' >"$dump"
"$tphctl" list --dump "$dump" 2>"$work/said"
grep -qE '^tphctl: list: .*/dump: line 2: only 4 of 16 bytes can be read; ' "$work/said"
# A dump from standard input
"$tphctl" list --json --dump - <"$build/tests/dumps/switch.dump" >"$work/piped"
"$tphctl" list --json --dump "$build/tests/dumps/switch.dump" | diff - "$work/piped"
refused '.*: it is a folder; name a file' "$work"
