#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of a few lines each, in a guest.
# usage: small.sh CHECK OPTION…
. "$(dirname "$0")/../lib/guest.sh"

check=$1
shift
case $check in
# The debug kernel's detectors are on: otherwise a clean log proves nothing.
debug-looks)
	in_guest -- bash -ec '
		dmesg | grep "KernelAddressSanitizer initialized"
		grep "debug_locks: *1" /proc/lockdep_stats
		test -w /sys/kernel/debug/kmemleak
		test -w /proc/self/fail-nth
		test -d /sys/kernel/debug/dma-api
		test -r /sys/kernel/debug/debug_objects/stats'
	;;

# The demo: the writes of each of eight pairs of buffer and NIC carry the expected hint and no
# other.
demo)
	demo "$@"
	;;

# Without options there are two lines more: an endpoint's writes, and a CPU's tags.
demo-whole)
	demo | tee "$work/demo"
	grep -E '^endpoint .*, 16-bit\) into st16: ([0-9]+) TLPs, \1 with 0x1234 \(16-bit\)  ok$' \
		"$work/demo"
	grep -E "^udmabuf for CPU 1: nic0 .*0x41 .*nic1 .*0x4101 .*  ok\$" "$work/demo"
	log_is_clean out/demo/cpu.log
	;;

# Of the TLPs to host memory only those of the region of a DMA handle have a hint: its PH, without a
# tag. They write 65536 bytes, and read at least 9001.
dmah-rciep)
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
	;;

# Writes of two NICs to host memory carry tags of CPUs: for a udmabuf that of CPU 1, for a DMAH that
# of CPU 0, in the width that each NIC sends, on 65536 bytes each. No other write has a tag.
cpu-tags)
	need tshark tshark
	trace=$work/trace.pcap
	in_guest --topology rciep --host-bridge-hints keep --cpu-tags yes --trace "$trace" \
		-- cpu_tags
	trace_shark "$trace" -Y 'tph.to == "host" && tph.th == 1 && tph.type == "MWr"' -T fields \
		-e tph.from -e tph.st_bits -e tph.st -e tph.ph -e tph.len >"$work/hinted"
	awk -F '\t' '{ bytes[$1 " " $2 " " $3 " " $4] += $5 }
		END { for (tag in bytes) print tag, bytes[tag] }' "$work/hinted" |
		sort >"$work/tags"
	cat "$work/tags"
	diff "$work/tags" - <<-TAGS
		nic0 8 0x0040 target-priority 65536
		nic0 8 0x0041 target 65536
		nic1 16 0x4100 target-priority 65536
		nic1 16 0x4101 target 65536
	TAGS
	;;

# A NIC that is unplugged by option is present at first, and absent after the firmware has found it.
faults-unplug)
	in_guest --fault 'nic0 unplug 30s' -- sh -c '
		there() { [ "$(setpci -d 15b3: VENDOR_ID | grep -c 15b3)" = "$1" ]; }
		there 2 || exit 1
		for _ in $(seq 600); do ! there 1 || exit 0; sleep 0.1; done
		exit 1'
	;;

# The requester IDs in the trace are those that the guest assigned: tphlab computes the bus numbers
# from the topology before the guest boots, and must get those of the guest's firmware.
ids)
	need tshark tshark
	for topology in switch switches rciep rootport flit; do
		trace=$work/$topology.pcap
		in_guest --topology $topology --trace "$trace" -- lspci -d 15b3: |
			awk '{ print $1 }' | sort >"$work/guest"
		trace_shark "$trace" -Y 'tph.requester && tph.from != "host" && tph.to == "host"' \
			-T fields -e tph.requester | sort -u >"$work/trace"
		[ "$(wc -l <"$work/guest")" = 2 ]
		diff "$work/guest" "$work/trace"
	done
	;;

# What one NIC writes into the other's BAR arrives there, all of it and without a hint: a NIC is no
# TPH completer, and tphctl says so in the guest.
nic-to-nic)
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
	;;

# flit HOST NICS ACCELERATORS OPTION…: the demo; each TLP has the format of the link on which it
# arrives at the host, at a NIC, at an accelerator: 1 is that of flit mode.
flit)
	need tshark tshark
	expected="host $1, nic $2, accel $3"
	shift 3
	demo "$@"
	trace_shark out/demo/trace.pcap -Y 'tph.type' -T fields -e tph.to -e tph.flit |
		sed 's/[0-9]*\t/ /' | sort | uniq -c >"$work/forms"
	cat "$work/forms"
	awk -v expected="$expected" '
		{ seen[$2] = seen[$2] $3 }
		END {
			forms = "host " seen["host"] ", nic " seen["nic"] ", accel " seen["accel"]
			print forms
			exit forms != expected
		}' "$work/forms"
	;;

# In flit mode reads with a hint have byte enables as well, some of which leave bytes out.
flit-reads)
	need tshark tshark
	in_guest --trace "$work/trace.pcap" "$@" -- messages
	trace_shark "$work/trace.pcap" -T fields -e tph.st_bits -e tph.first_be -e tph.last_be \
		-Y 'tph.to == "accel0" && tph.type == "MRd" && tph.flit == 1 && tph.th == 1' |
		sort | uniq -c >"$work/reads"
	cat "$work/reads"
	for bits in 8 16; do
		awk -v bits=$bits '$2 == bits && $3 != "0x0f" { n += $1 } END { exit !n }' \
			"$work/reads"
	done
	;;

# On a kernel without the series the demo's program prints that in one line, and ends with 3.
plain-kernel)
	says 'no hints for dma-bufs' 3 lab/tphlab run "$@" -- p2p_demo
	;;

# Theory of operation: the memory of a VF cannot be disabled, and vfio-pci keeps a virtual bit
# instead, so clearing that bit does not protect its dma-bufs. A module makes the accelerator such a
# function; required hints and changes of tags must work as before.
no-command-memory)
	. "$(dirname "$0")/../lib/series.sh"
	in_the_guest='
		accel=$(lspci -D -d 7048:acc0 | cut -d" " -f1)
		insmod /mnt/share/no_command_memory.ko function="$accel"
		required
		vfio_tph_errors'

	share_make
	module_build tests/guest/kernel "$work/module"
	cp "$work/module/no_command_memory.ko" "$share"
	in_guest --share "$share" --nics off,8,16 -- bash -ec "$in_the_guest"
	;;
*) fail "no such check: $check" ;;
esac
