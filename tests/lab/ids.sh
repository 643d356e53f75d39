#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The requester IDs in the trace are those that the guest gave: tphlab computes the bus numbers from
# the topology before the guest boots, and must do so as its firmware does.
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/trace.sh"

need tshark tshark
for topology in switch switches rciep rootport; do
	trace=$work/$topology.pcap
	in_guest --topology $topology --trace "$trace" -- lspci -d 15b3: |
		awk '{ print $1 }' | sort >"$work/guest"
	trace_shark "$trace" -Y 'tph.requester && tph.from != "host" && tph.to == "host"' \
		-T fields -e tph.requester | sort -u >"$work/trace"
	[ "$(wc -l <"$work/guest")" = 2 ]
	diff "$work/guest" "$work/trace"
done
