# SPDX-License-Identifier: GPL-2.0-or-later
# Checks in the guest: the real kernel, drivers and rdma-core on the modelled devices.

# What must not be in a guest's log, whatever ran.
splats='WARNING:|BUG:|Oops|refcount_t|use-after-free|possible recursive|circular locking|Call Trace|DMAR:.*fault|health compromised|blocked for more'

# in_guest OPTION… -- COMMAND…
in_guest() {
	local log=$out/guest.log status=0
	lab/tphlab run --log "$log" --timeout 180 "$@" || status=$?
	grep -E "$splats" "$log" && status=1
	# 77 is cmocka-free ground: a test program that has nothing to test here says so itself.
	[ $status != 77 ] || skip "nothing to test with $*"
	return $status
}

lab_demo() {
	local result=out/demo/result.json
	lab/tphlab demo --timeout 180 "$@" || return 1
	grep -E "$splats" out/demo/guest.log && return 1
	jq -e '.ok == true and (.pairs | length) == 8 and all(.pairs[]; .data_ok and .tlps > 0)' "$result"
}

lab_checks() {
	local topology mode
	for topology in switch rciep rootport; do
		for mode in pt translated none; do
			check "lab-demo-$topology-$mode" lab_demo --topology $topology --iommu $mode
		done
	done
	check lab-demo-rciep-keep lab_demo --topology rciep --host-bridge-hints keep
	check lab-demo-rootport-keep lab_demo --topology rootport --host-bridge-hints keep
	check lab-demo-mps lab_demo --mps 4096
	lab_guest_tests
}
lab_guest_tests() { :; }
