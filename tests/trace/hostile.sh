#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets that are cut at any byte, and such with wrong bytes: the dissector shows them as
# malformed, and there is never an error of Lua.
. "$(dirname "$0")/../lib/demo.sh"
. "$(dirname "$0")/../lib/trace.sh"

need tshark tshark
demo_files
trace_shark "$demo/trace.pcap" -Y 'frame.number % 97 == 0' -w "$work/few"
for n in $(seq 1 45); do
	editcap -s "$n" "$work/few" "$work/cut-$n"
done
for n in $(seq 1 20); do
	editcap -E 0.0$((n % 4 * 3 + 1)) --seed "$n" "$work/few" "$work/wrong-$n"
done
mergecap -a -w "$work/all" "$work"/cut-* "$work"/wrong-*
trace_shark "$work/all" -V >"$work/shown"
grep -c '^Frame' "$work/shown"
[ "$(grep -c '^Frame' "$work/shown")" -gt 10000 ]
[ "$(grep -c 'Expert Info.*Malformed' "$work/shown")" -gt 5000 ]
absent '[Ll]ua [Ee]rror|\[string|[Dd]issector bug|tph\.lua' "$work/shown"
