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
# where to where, the bits of the tag, the tag, the PH
tags() {
	"$build/tests/trace/trace_fields" "$work/trace.$1" | awk -F '\t' '
		$6 == "MWr" && ($2 ~ /^accel/ || $15 == 1) {
			print $1, $2, $15 == 1 ? $19 " " $18 " " $17 : "none"
		}' | sort -u
}

# ctl HOST WORD…
ctl() {
	lab/tphlab ctl --socket "$(echo "$TMPDIR/tphlab-$1".*/dev/control.sock)" "${@:2}"
}

# packets NIC: the number that b has sent; nothing before b runs
packets() {
	local socket
	for socket in "$TMPDIR"/tphlab-b.*/dev/control.sock; do
		[ ! -S "$socket" ] || ctl b status | jq ".$1.link.packets"
	done
}

# under_way NIC N: waits until b has sent N more packets
under_way() {
	local begin='' now
	while kill -0 $hosts; do
		now=$(packets "$1")
		begin=${begin:-$now}
		[ -z "$now" ] || [ "$now" -lt $((begin + $2)) ] || return 0
		sleep 0.1
	done
	fail "the hosts have ended"
}

case $1 in
# A write from the other host carries the tag of its target buffer. The requester's host has no hint
# in its trace.
hint)
	ninja -C "$build" tests/trace/trace_fields
	pair --trace "$work/trace" -- p2p_demo --pair serve -- p2p_demo --pair write
	tags a >"$work/tags"
	tags b >"$work/tags.b"
	diff "$work/tags" - <<-'TAGS'
		nic0 accel0 8 0x005a target
		nic0 accel0 8 0x00a5 target-priority
		nic0 accel0 none
		nic1 accel0 16 0x1234 target
		nic1 accel0 16 0x4321 target-priority
		nic1 accel0 none
	TAGS
	[ ! -s "$work/tags.b" ]
	# The payload comes from b's host memory.
	"$build/tests/trace/trace_fields" "$work/trace.b" | awk -F '\t' '
		$1 == "host" && $2 ~ /^nic/ && $6 == "CplD" { bytes += $16 }
		END { print "b reads", bytes, "bytes"; exit bytes < 8 * 200000 }'
	;;

# The programs of rdma-core and perftest.
perftest)
	# shellcheck disable=SC2016 # for the guest's shell
	programs='
		ibv_rc_pingpong -n 100 $server
		ib_write_bw -d mlx5_0 -n 500 $server
		ib_read_bw -d mlx5_1 -n 200 $server
		ib_atomic_bw -d mlx5_0 -n 100 $server
		ib_read_bw -q 8 -d mlx5_1 -n 50 $server
		ib_send_bw -c XRC -d mlx5_0 -n 100 $server
		ib_send_bw -c UD -d mlx5_0 -n 100 $server'
	pair -- bash -ec "server=; $programs" -- bash -ec "server=127.0.0.1; $programs"
	;;

# On a slow link all work requests complete. If the link is cut and up again within the retry time,
# nothing is lost. When it stays cut, or the other host ends, posted work requests end in an error,
# the port is down, and the host goes on. The port is down while the other host's NIC is unplugged.
faults)
	scratch_make
	export TMPDIR=$scratch
	share_make
	cat >"$share/a.sh" <<-'A'
		set -e
		ibv_rc_pingpong -d mlx5_1 -n 10 -c
		ib_write_bw -d mlx5_0 -u 18 -s 4096 -n 20000
		! ib_write_bw -d mlx5_0 -n 1000000
		ib_write_bw -d mlx5_1 -n 1000000 &
		until [ -e /mnt/share/die ]; do sleep 0.1; done
		echo b >/proc/sysrq-trigger
		sleep 10
	A
	cat >"$share/b.sh" <<-'B'
		set -e
		ibv_rc_pingpong -d mlx5_1 -n 10 -c 127.0.0.1 >/mnt/share/slow
		ib_write_bw -d mlx5_0 -u 18 -s 4096 -n 20000 127.0.0.1 >/mnt/share/back
		stdbuf -oL ibv_asyncwatch -d mlx5_0 >/mnt/share/events &
		! ib_write_bw -d mlx5_0 -n 1000000 127.0.0.1 >/mnt/share/cut 2>&1
		ibv_devinfo -d mlx5_0 >/mnt/share/down
		touch /mnt/share/ended
		until ibv_devinfo -d mlx5_0 | grep PORT_ACTIVE; do sleep 0.1; done
		touch /mnt/share/up
		until ibv_devinfo -d mlx5_0 | grep PORT_DOWN; do sleep 0.1; done
		sleep 1
		ibv_devinfo -d mlx5_0 | grep PORT_DOWN
		touch /mnt/share/unplugged
		until ibv_devinfo -d mlx5_0 | grep PORT_ACTIVE; do sleep 0.1; done
		! ib_write_bw -d mlx5_1 -n 1000000 127.0.0.1 >/mnt/share/dead 2>&1
		touch /mnt/share/good
	B
	pair --share "$share" --fault 'nic1 link delay 20ms' -- bash /mnt/share/a.sh -- \
		bash /mnt/share/b.sh &
	hosts=$!
	trap 'kill $hosts 2>/dev/null || :; wait || :; rm -rf "$scratch"' EXIT
	under_way nic1 5
	until grep -q iter "$share/slow"; do sleep 0.1; done
	ctl b nic1 link delay none
	ctl a nic1 link delay none
	under_way nic0 200
	for _ in 1 2 3; do
		ctl b nic0 link cut
		sleep 0.1
		ctl b nic0 link up
		under_way nic0 200
	done
	until grep -q '^ 4096' "$share/back"; do sleep 0.1; done
	under_way nic0 2000
	ctl a nic0 link cut
	until [ -e "$share/ended" ]; do sleep 0.1; done
	ctl a nic0 link up
	until [ -e "$share/up" ]; do sleep 0.1; done
	ctl a nic0 unplug
	until [ -e "$share/unplugged" ]; do sleep 0.1; done
	ctl a nic0 plug
	under_way nic1 500
	touch "$share/die"
	status=0
	wait $hosts || status=$?
	cat "$share"/{slow,back,cut,down,events,dead}
	[ $status = 125 ] # host a died before its command ended
	[ -e "$share/good" ]
	awk '/usec\/iter/ { print $7; exit !($7 >= 40000) }' "$share/slow"
	grep 'Failed status 12' "$share/cut"
	grep 'Failed status 12' "$share/dead"
	grep PORT_DOWN "$share/down"
	grep PORT_ERR "$share/events"
	grep PORT_ACTIVE "$share/events"
	;;
esac
