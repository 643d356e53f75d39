#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The trace of a demo as tshark and lab/tph.lua decode it.
# usage: trace.sh CHECK
. "$(dirname "$0")/../lib/demo.sh"

# decoders_agree TRACE
decoders_agree() {
	local columns=(from to direction hint_dropped flit type length_dw ohc_a ohc_b requester tag
		first_be last_be addr th len ph st st_bits no_preference completer status byte_count
		lower_addr payload event value)
	ninja -C "$build" tests/trace/trace_fields
	"$build/tests/trace/trace_fields" "$1" >"$work/fabric"
	trace_shark "$1" -T fields "${columns[@]/#/-etph.}" >"$work/tshark"
	wc -l "$work/fabric"
	cmp "$work/fabric" "$work/tshark"
}

check=$1
shift
case $check in
# Two decoders that share no code agree on every field of every TLP of a demo: tshark with
# lab/tph.lua, and the fabric's own.
decode)
	need tshark tshark
	demo_files
	decoders_agree "$demo/trace.pcap"
	[ "$(wc -l <"$work/fabric")" -gt 8000 ]
	;;

# The same in flit mode and off it, with every kind of hint and completion; and none of the packets
# is malformed.
forms)
	need tshark tshark
	ninja -C "$build" tests/trace/trace_make
	"$build/tests/trace/trace_make" "$work/trace.pcap"
	decoders_agree "$work/trace.pcap"
	trace_shark "$work/trace.pcap" -Y tph.malformed >"$work/malformed"
	empty "$work/malformed"
	awk -F '\t' '
		{ n[$5 " " $6]++; n[$5 " " $19 " bits"]++ }
		END {
			split("MRd,MWr,Cpl,CplD,8 bits,16 bits", what, ",")
			for (flit = 0; flit < 2; flit++)
				for (i in what) {
					print flit, what[i], n[flit " " what[i]]
					few += n[flit " " what[i]] < 100
				}
			exit few
		}' "$work/fabric"
	;;

# The writes to the accelerator by NIC, tag and PH are the same in the packets and in its counters.
counters)
	need tshark tshark
	demo_files
	trace_shark "$demo/trace.pcap" -Y 'tph.type == "MWr" && tph.to == "accel0"' -T fields \
		-e tph.requester -e tph.st_bits -e tph.st -e tph.ph -e tph.len | awk -F '\t' '
			{
				key = $1 " " ($2 ? $2 : 0) " " ($3 ? $3 : "-") " " ($4 ? $4 : "-")
				tlps[key]++
				bytes[key] += $5
			}
			END { for (key in tlps) print key, tlps[key], bytes[key] }' |
		sort >"$work/packets"
	# "NIC WIDTH TAG PH TLPS BYTES" for each that the accelerator counted
	jq -r '
		def tag: if . then "0x" + ("000" + .[2:])[-4:] else "-" end;
		((.nics | map({(.name): .bdf[5:]}) | add) + {endpoint: .endpoint.bdf[5:]}) as $bdf
		| [(.pairs[], (.endpoint | select(.) | .nic = "endpoint"),
			(.add as $add | .add.nics[] | select(.tlps > 0)
				| . + ($add | {width, st, ph})))
			| {key: "\($bdf[.nic]) \(.width) \(.st | tag) \(.ph // "-")", tlps, bytes}]
		| group_by(.key)[]
		| "\(.[0].key) \(map(.tlps) | add) \(map(.bytes) | add)"' \
		"$demo/result.json" | sort >"$work/counters"
	cat "$work/packets"
	[ -s "$work/packets" ]
	diff "$work/packets" "$work/counters"
	jq -e '[.pairs[].hinted] | add > 0' "$demo/result.json"
	;;

# tshark accepts each rule of lab/tph.colorfilters; TLPs with a hint have its colours, others none.
colours)
	need tshark tshark
	demo_files
	mkdir "$work/wireshark"
	cp lab/tph.colorfilters "$work/wireshark/colorfilters"
	WIRESHARK_CONFIG_DIR=$work/wireshark COLORTERM=truecolor script -qec \
		"tshark --color -n -X lua_script:lab/tph.lua -r $demo/trace.pcap" /dev/null \
		>"$work/coloured" </dev/null
	absent '[Cc]olor|[Ll]ua' "$work/coloured"
	grep -m1 $'\e\\[48;2;204;235;213m.*ST 0x1234 (16-bit) target' "$work/coloured"
	grep -m1 $'\e\\[48;2;209;226;255m.*ST 0x5a (8-bit) target' "$work/coloured"
	absent $'\e\\[48;2;[0-9;]*m.*MWr [0-9]+ bytes at 0x[0-9a-f]+\e' "$work/coloured"
	;;

# Packets that are cut at any byte, and packets with wrong bytes: the dissector shows them as
# malformed, and Lua reports no error.
hostile)
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
	;;

# A full disk, a pipe whose reader ends, a pipe without a reader: fabricd prints a line, the status
# is that of the guest's command if it ran, and the lab does not hang.
lost)
	says '^fabricd: cannot write all of the trace /dev/full: No space' 7 \
		lab/tphlab run --trace /dev/full -- sh -c 'exit 7'
	says '^fabricd: cannot write all of the trace /dev/fd/[0-9]*: Broken pipe' 7 \
		lab/tphlab run --trace >(head -c 1000 >/dev/null) -- sh -c 'exit 7'
	mkfifo "$work/pipe"
	says "^tphlab: the devices' process .* did not start" 125 \
		lab/tphlab run --trace "$work/pipe" -- true
	grep '^fabricd: cannot write the trace .*no process reads this pipe' "$work/output"
	;;
*) fail "no such check: $check" ;;
esac
