#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The PH of a DMA handle is, without a tag, on what its region writes to and reads from host memory,
# and on nothing else there: 65536 bytes are written, and at least 9001 read.
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/trace.sh"

need tshark tshark
trace=$work/trace.pcap
in_guest --topology rciep --host-bridge-hints keep --trace "$trace" -- dmah
trace_shark "$trace" -Y 'tph.to == "host" && tph.th == 1' -T fields \
	-e tph.type -e tph.ph -e tph.st -e tph.len >"$work/hinted"
awk -F '\t' '
	{ bytes[$1] += $4 }
	$2 != "requester" || $3 !~ /^0x0+$/ { print "not PH alone: " $0; bad = 1 }
	END {
		print bytes["MWr"], bytes["MRd"]
		exit bad || bytes["MWr"] != 65536 || bytes["MRd"] < 9001
	}' "$work/hinted"
