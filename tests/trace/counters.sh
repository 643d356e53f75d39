#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What arrived at the accelerator by NIC, tag and PH is the same in the packets and in its counters.
. "$(dirname "$0")/../lib/demo.sh"
. "$(dirname "$0")/../lib/trace.sh"

need tshark tshark
demo_files
trace_shark "$demo/trace.pcap" -Y 'tph.type == "MWr" && tph.to == "accel0"' -T fields \
	-e tph.requester -e tph.st_bits -e tph.st -e tph.ph -e tph.len | awk -F '\t' '
		{
			key = $1 " " ($2 ? $2 : 0) " " ($3 ? $3 : "-") " " ($4 ? $4 : "-")
			tlps[key]++
			bytes[key] += $5
		}
		END { for (key in tlps) print key, tlps[key], bytes[key] }' | sort >"$work/packets"
jq -r -f tests/trace/counters.jq "$demo/result.json" | sort >"$work/counters"
cat "$work/packets"
[ -s "$work/packets" ]
diff "$work/packets" "$work/counters"
jq -e '[.pairs[].hinted] | add > 0' "$demo/result.json"
