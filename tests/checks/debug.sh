# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's checks on a kernel that looks for its own mistakes: KASAN, UBSAN, lockdep, kmemleak and
# more, see kernel/debug.config. Several programs share a guest, since booting is what takes long.

# What these say, beyond what any kernel does.
debug_splats="$splats|KASAN|UBSAN|INFO: |ODEBUG|DMA-API|kmemleak: (unreferenced|Cannot|Memory|Automatic)|suspicious"

# debug_in_guest OPTION… -- COMMAND…: its log must tell of nothing, and that leaks were looked for.
debug_in_guest() {
	local log=$out/guest-debug.log status=0
	lab/tphlab run --debug --log "$log" --timeout "${debug_timeout:-1200}" "$@" || status=$?
	debug_log_is_clean "$log" || status=1
	return $status
}

debug_log_is_clean() {
	! grep -E "$debug_splats" "$1" || { cp "$1" "$1.splat"; return 1; }
	grep -q 'kmemleak: scanned' "$1" || { echo "no scan for leaks in $1"; return 1; }
}

# debug_programs OPTION… -- PROGRAM…: one after the other, each with its own verdict.
debug_programs() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2016
	debug_in_guest "${options[@]}" -- bash -c '
		bad=0
		for program; do
			"$program" || [ $? = 77 ] || { echo "$program failed"; bad=1; }
		done
		exit $bad' programs "$@"
}

debug_demo() {
	lab/tphlab demo --debug --timeout 1200 "$@" && debug_log_is_clean out/demo/guest.log
}

# Nothing found means something only where there is somebody who looks.
debug_looks() {
	# shellcheck disable=SC2016
	debug_in_guest -- bash -ec '
		dmesg | grep "KernelAddressSanitizer initialized"
		grep "debug_locks: *1" /proc/lockdep_stats
		test -w /sys/kernel/debug/kmemleak
		test -w /proc/self/fail-nth
		test -d /sys/kernel/debug/dma-api
		test -r /sys/kernel/debug/debug_objects/stats'
}

debug_checks() {
	check debug-looks debug_looks
	check debug-demo debug_demo
	check debug-lab debug_programs --accels 2 -- vfio_tph_errors mr_hints mr_revoke hints_shown no_window \
		reset_under_traffic nic_unbind_rebind
	check debug-required debug_programs --nics off,8,16 -- required
	check debug-direct debug_programs --nic-st-table none -- mr_hints required
	check debug-rootport debug_programs --topology rootport --iommu none -- required reset_under_traffic
	check debug-fail-nth debug_in_guest -- fail_nth "$debug_fail_step"
	check debug-stress debug_in_guest -- stress 20
	check debug-fuzz debug_in_guest --accels 2 -- door_fuzz 5000
}

# One allocation in so many fails; all of them are for the soak.
debug_fail_step=5
