#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is no address of a function, and addresses of functions that are not there.
. "$(dirname "$0")/../lib/tphctl.sh"

dump=$work/dump
printf '0001:01:00.0 x\n00: %s\n' '86 80 01 00 00 00 00 00 00 00 00 00 00 00 00 00' >"$dump"
for bdf in x 0000:01:00 1:2:3:4.5 01:20.0 01:00.8 01:00.0x '' -; do
	tphctl_says 'show: .*is no address of a function: write it as 0000:01:00.0, a dump has' 2 \
		show "$bdf" --dump "$dump"
done
missing='there is no function'
tphctl_says "show: $missing 0000:02:00.0; the dump has them all" 1 show 02:00.0 --dump "$dump"
tphctl_says "show: $missing 0000:01:00.0: domain 0000 has none there, but there is 0001:01:00.0" 1 \
	show 01:00.0 --dump "$dump"
tphctl_says "path: $missing 0000:09:00.0" 1 path 0001:01:00.0 09:00.0 --dump "$dump"
tphctl_says "show: $missing 0000:ff:1f.7; lspci -D has them all" 1 show ff:1f.7
tphctl_says "export: $missing ffff:ff:1f.7" 125 \
	export ffff:ff:1f.7 --bar 0 --offset 0 --length 4K --st 1 --ph target -- true
