#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tags of CPUs are on what two NICs write to host memory: for a udmabuf that of CPU 1, for a DMAH
# that of CPU 0, in the width that each NIC sends, on 65536 bytes each, and on nothing else.
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/trace.sh"

need tshark tshark
trace=$work/trace.pcap
in_guest --topology rciep --host-bridge-hints keep --cpu-tags yes --trace "$trace" -- cpu_tags
trace_shark "$trace" -Y 'tph.to == "host" && tph.th == 1 && tph.type == "MWr"' -T fields \
	-e tph.from -e tph.st_bits -e tph.st -e tph.ph -e tph.len >"$work/hinted"
awk -F '\t' '{ bytes[$1 " " $2 " " $3 " " $4] += $5 }
	END { for (tag in bytes) print tag, bytes[tag] }' "$work/hinted" | sort >"$work/tags"
cat "$work/tags"
diff "$work/tags" - <<-TAGS
	nic0 8 0x0040 target-priority 65536
	nic0 8 0x0041 target 65536
	nic1 16 0x4100 target-priority 65536
	nic1 16 0x4101 target 65536
TAGS
