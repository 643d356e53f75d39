# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks that boot: programs and the demo in the guest, the log of its kernel, and the trace.
. "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# The value of tphlab --kernel, and the time limit of a guest in seconds.
kernel=${TPH_KERNEL:-7.3}
limit=${TPH_LIMIT:-400}
guest_log=$work/guest.log

# Patterns that must not be in a guest's log; the kernels with checkers have more.
splats='WARNING:|BUG:|Oops|refcount_t|use-after-free|possible recursive|circular locking'
splats+='|Call Trace|DMAR:.*fault|health compromised|blocked for more'
splats_debug="$splats|KASAN|UBSAN|INFO: |ODEBUG|DMA-API|suspicious"
splats_debug+='|kmemleak: (unreferenced|Cannot|Memory|Automatic)'

# log_is_clean [FILE]: the debug kernel must also have scanned for leaks.
log_is_clean() {
	local log=${1:-$guest_log}
	case $kernel in
	*-debug)
		absent "$splats_debug" "$log"
		grep -q 'kmemleak: scanned' "$log" || fail "no scan for leaks in $log" ;;
	*) absent "$splats" "$log" ;;
	esac
}

# in_guest OPTION… -- COMMAND…: its exit status is COMMAND's.
in_guest() {
	local status=0
	lab/tphlab run --kernel "$kernel" --log "$guest_log" --timeout "$limit" "$@" || status=$?
	log_is_clean
	return $status
}

# demo OPTION…: runs the demo, and checks that all eight pairs are ok. Its files are in out/demo.
demo() {
	lab/tphlab demo --kernel "$kernel" --timeout "$limit" "$@"
	log_is_clean out/demo/guest.log
	jq -e '.ok == true and (.pairs | length) == 8 and all(.pairs[]; .data_ok and .tlps > 0)' \
		out/demo/result.json
}

# Sets share, a folder for --share with the guest's scripts in it.
share_make() {
	share=$work/share
	mkdir -p "$share"
	cp tests/guest/*.sh tests/guest/*.py "$share"
}

# trace_shark FILE OPTION…: tshark with the project's dissector and without the user's settings.
# A newer tshark writes True for 1.
trace_shark() {
	local file=$1
	shift
	mkdir -p "$work/wireshark"
	WIRESHARK_CONFIG_DIR=$work/wireshark tshark -n -X lua_script:lab/tph.lua -r "$file" "$@" \
		2>"$work/tshark.err" | sed 's/\bTrue\b/1/g; s/\bFalse\b/0/g'
	absent '[Ll]ua' "$work/tshark.err" >&2
}
