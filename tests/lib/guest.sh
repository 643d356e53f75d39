# SPDX-License-Identifier: GPL-2.0-or-later
# Programs and the demo in the guest, for all who look at what they say.

# What must not be in a guest's log, whatever ran.
splats='WARNING:|BUG:|Oops|refcount_t|use-after-free|possible recursive|circular locking|Call Trace|DMAR:.*fault|health compromised|blocked for more'

# in_guest OPTION… -- COMMAND…
in_guest() {
	local log=$out/guest.log status=0
	lab/tphlab run --log "$log" --timeout 180 "$@" || status=$?
	grep -E "$splats" "$log" && status=1
	# A test program that has nothing to test here says so and ends with 77.
	[ $status != 77 ] || skip "nothing to test with $*"
	return $status
}

lab_demo() {
	local result=out/demo/result.json
	lab/tphlab demo --timeout 180 "$@" || return 1
	grep -E "$splats" out/demo/guest.log && return 1
	jq -e '.ok == true and (.pairs | length) == 8 and all(.pairs[]; .data_ok and .tlps > 0)' "$result"
}
