#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one NIC writes into the other's BAR arrives there, all of it and without a hint: a NIC is no
# TPH completer, and tphctl says so in the guest.
# usage: nic-to-nic.sh OPTION…
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/trace.sh"

need tshark tshark
share_make
in_guest --share "$share" --trace "$work/trace.pcap" "$@" -- /mnt/share/tphctl.sh nic_to_nic
trace_shark "$work/trace.pcap" -T fields -e tph.len -e tph.th \
	-Y 'tph.from == "nic0" && tph.to == "nic1" && tph.type == "MWr"' >"$work/writes"
awk '
	{ bytes += $1; hinted += $2 }
	END {
		print NR, "TLPs,", bytes, "bytes,", hinted, "hinted"
		exit bytes != 65536 || hinted != 0
	}' "$work/writes"
