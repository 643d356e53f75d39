#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two hosts with a link.
# usage: pair.sh CHECK
. "$(dirname "$0")/../lib/guest.sh"

# pair OPTION… -- COMMAND-A… -- COMMAND-B…
pair() {
	local host status=0
	lab/tphlab pair --kernel "$kernel" --log "$guest_log" --timeout "$limit" "$@" || status=$?
	for host in a b; do
		log_is_clean "$guest_log.$host"
	done
	return $status
}

# tags HOST: of the TLPs in the host's trace that write to an accelerator, or carry a hint: from
# where to where, the bits of the tag, the tag, the PH, how many bytes
tags() {
	"$build/tests/trace/trace_fields" "$work/trace.$1" | awk -F '\t' '
		$6 == "MWr" && ($2 ~ /^accel/ || $15 == 1) {
			bytes[$1 " " $2 " " $19 " " $18 " " $17] += $16
		}
		END { for (key in bytes) print key, bytes[key] }'
}

case $1 in
# A write from the other host carries the tag of the buffer that it is for. The requester's host
# sees no hint at all.
hint)
	ninja -C "$build" tests/trace/trace_fields
	pair --trace "$work/trace" -- pair_write serve 1 -- pair_write write 1
	[ "$(tags a)" = 'nic1 accel0 16 0x1234 target 1048576' ]
	[ "$(tags b)" = '' ]
	# the payload is in both: read from the memory of the one
	"$build/tests/trace/trace_fields" "$work/trace.b" | awk -F '\t' '
		$1 == "host" && $2 == "nic1" && $6 == "CplD" { bytes += $16 }
		END { print "b reads", bytes, "bytes"; exit bytes < 1048576 }'
	;;

# Programs that nobody here wrote.
perftest)
	pair -- bash -ec 'ibv_rc_pingpong -n 100; ib_write_bw -d mlx5_0 -n 500
			ib_read_bw -d mlx5_1 -n 200; ib_atomic_bw -d mlx5_0 -n 100
			ib_send_bw -c UD -d mlx5_0 -n 100' -- \
		bash -ec 'ibv_rc_pingpong -n 100 127.0.0.1; ib_write_bw -d mlx5_0 -n 500 127.0.0.1
			ib_read_bw -d mlx5_1 -n 200 127.0.0.1; ib_atomic_bw -d mlx5_0 -n 100 127.0.0.1
			ib_send_bw -c UD -d mlx5_0 -n 100 127.0.0.1'
	;;
esac
