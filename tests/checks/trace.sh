# SPDX-License-Identifier: GPL-2.0-or-later
# The trace: what tshark and lab/tph.lua make of it is what the fabric decodes and what the accelerator counted.

trace_columns=(from to direction hint_dropped type length_dw requester tag first_be last_be addr th len ph st
	st_bits no_preference completer status byte_count lower_addr payload event value)

# trace_shark FILE OPTION…: tshark with our dissector, nobody's settings. A newer one writes True for 1.
trace_shark() {
	local file=$1
	shift
	WIRESHARK_CONFIG_DIR=$out/wireshark tshark -n -X lua_script:lab/tph.lua -r "$file" "$@" 2>"$out/tshark.err" |
		sed 's/\bTrue\b/1/g; s/\bFalse\b/0/g'
	! grep -i 'lua' "$out/tshark.err"
}

# trace_fields FILE: all fields of all records, one line each
trace_fields() {
	local column args=()
	for column in "${trace_columns[@]}"; do
		args+=(-e "tph.$column")
	done
	trace_shark "$1" -T fields "${args[@]}"
}

# A trace of a demo with hints of both widths and none, that other checks here read. It stays in out/demo, too,
# where the report's look for it.
trace_demo() {
	local status=0
	trace=$out/trace.pcap
	[ -e "$trace" ] && [ -e "$out/trace-result.json" ] && return
	lab/tphlab demo --timeout 180 || status=$?
	cp out/demo/trace.pcap "$trace"
	cp out/demo/result.json "$out/trace-result.json"
	return $status
}

# Two decoders that share no code, field by field.
trace_decode() {
	trace_demo || return 1
	ninja -C build tests/trace/trace_fields || return 1
	build/tests/trace/trace_fields "$trace" >"$out/trace.fabric" || return 1
	trace_fields "$trace" >"$out/trace.tshark"
	wc -l "$out/trace.fabric"
	[ "$(wc -l <"$out/trace.fabric")" -gt 8000 ] && cmp "$out/trace.fabric" "$out/trace.tshark"
}

# What arrived at the accelerator by NIC, tag and PH: from the packets, and from its own counters.
trace_counters() {
	trace_demo || return 1
	trace_shark "$trace" -Y 'tph.type == "MWr" && tph.to == "accel0"' -T fields \
		-e tph.requester -e tph.st_bits -e tph.st -e tph.ph -e tph.len |
		awk -F '\t' '{ key = $1 " " ($2 ? $2 : 0) " " ($3 ? $3 : "-") " " ($4 ? $4 : "-"); tlps[key]++; bytes[key] += $5 }
			END { for (key in tlps) print key, tlps[key], bytes[key] }' | sort >"$out/trace.packets"
	jq -r '(.nics | map({(.name): .bdf[5:]}) | add) as $bdf
		| [(.pairs[], (.add as $add | .add.nics[] | select(.tlps > 0) | . + ($add | {width, st, ph})))
			| {key: "\($bdf[.nic]) \(.width) \(if .st then "0x" + ("000" + .st[2:])[-4:] else "-" end) \(.ph // "-")", tlps, bytes}]
		| group_by(.key)[] | "\(.[0].key) \(map(.tlps) | add) \(map(.bytes) | add)"' "$out/trace-result.json" | sort >"$out/trace.counters"
	cat "$out/trace.packets"
	[ -s "$out/trace.packets" ] && diff "$out/trace.packets" "$out/trace.counters" &&
		jq -e '[.pairs[].hinted] | add > 0' "$out/trace-result.json"
}

# Each rule of lab/tph.colorfilters is one that this tshark takes, and hinted TLPs have their colours.
trace_colours() {
	local dir=$out/wireshark-colours
	trace_demo || return 1
	mkdir -p "$dir" && cp lab/tph.colorfilters "$dir/colorfilters"
	WIRESHARK_CONFIG_DIR=$dir COLORTERM=truecolor script -qec "tshark --color -n -X lua_script:lab/tph.lua -r $trace" /dev/null >"$out/trace.colours" </dev/null
	! grep -iE 'color|lua' "$out/trace.colours" || return 1
	grep -q $'\e\\[48;2;204;235;213m.*ST 0x1234 (16-bit) target' "$out/trace.colours" &&
		grep -q $'\e\\[48;2;209;226;255m.*ST 0x5a (8-bit) target' "$out/trace.colours" &&
		! grep -E $'\e\\[48;2;[0-9;]*m.*MWr [0-9]+ bytes at 0x[0-9a-f]+\e' "$out/trace.colours"
}

# Packets that are cut at any byte, and such with wrong ones: shown as malformed, never an error of Lua.
trace_hostile() {
	local n dir=$out/trace-hostile
	trace_demo || return 1
	mkdir -p "$dir"
	trace_shark "$trace" -Y 'frame.number % 97 == 0' -w "$dir/few" || return 1
	for n in $(seq 1 45); do
		editcap -s "$n" "$dir/few" "$dir/cut-$n" || return 1
	done
	for n in $(seq 1 20); do
		editcap -E 0.0"$((n % 4 * 3 + 1))" --seed "$n" "$dir/few" "$dir/wrong-$n" || return 1
	done
	mergecap -a -w "$dir/all" "$dir"/cut-* "$dir"/wrong-* || return 1
	trace_shark "$dir/all" -V >"$dir/shown" || return 1
	grep -c '^Frame' "$dir/shown"
	[ "$(grep -c '^Frame' "$dir/shown")" -gt 10000 ] && [ "$(grep -c 'Expert Info.*Malformed' "$dir/shown")" -gt 5000 ] &&
		! grep -iE 'lua error|\[string|dissector bug|tph.lua' "$dir/shown"
}

# A full disk, a pipe whose reader goes, one that nobody reads: a line, and no lab that hangs.
trace_lost() {
	says '^fabricd: cannot write all of the trace /dev/full: No space' 7 lab/tphlab run --trace /dev/full -- sh -c 'exit 7' &&
		says '^fabricd: cannot write all of the trace /dev/fd/[0-9]*: Broken pipe' 7 \
			lab/tphlab run --trace >(head -c 1000 >/dev/null) -- sh -c 'exit 7' || return 1
	mkfifo "$out/trace-pipe"
	says '^tphlab: the device process did not start' 125 lab/tphlab run --trace "$out/trace-pipe" -- true | tee "$out/trace.lost"
	grep '^fabricd: cannot write the trace .*nobody reads this pipe' "$out/trace.lost"
}

trace_checks() {
	rm -rf "$out"/trace*
	mkdir -p "$out/wireshark"
	check trace-decode trace_decode
	check trace-counters trace_counters
	check trace-colours trace_colours
	check trace-hostile trace_hostile
	check trace-lost trace_lost
}
