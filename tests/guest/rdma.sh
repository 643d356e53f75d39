#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's own RDMA programs, unmodified, in the lab's guest: between two processes by each NIC.
# usage: rdma.sh devinfo|pingpong|PROGRAM [OPTION…] of perftest
set -uo pipefail

die() {
	printf '%s\n' "$*"
	exit 1
}

# The server listens on all addresses when its socket is in the state 0A; a client does not wait
# for that.
listening() {
	local port n
	port=$(printf ':%04X' "$1")
	for ((n = 0; n < 300; n++)); do
		cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$port" '
			$4 == "0A" && $2 ~ port "$" { found = 1 }
			END { exit !found }' && return
		sleep 0.1
	done
	return 1
}

# both_ends PORT PROGRAM OPTION…: server and client, each must succeed. Sets said, what the client
# printed.
both_ends() {
	local port=$1 server status=0
	shift
	"$@" >/tmp/server 2>&1 &
	server=$!
	listening "$port" || die "$* does not listen: $(cat /tmp/server)"
	said=$("$@" 127.0.0.1 2>&1) || status=$?
	printf '%s\n' "$said"
	[ $status = 0 ] || die "the client ends with $status, the server says: $(cat /tmp/server)"
	wait "$server" || die "the server ends with $?: $(cat /tmp/server)"
}

# What ibv_devinfo prints of the port and the device.
devinfo() {
	local line
	ibv_devinfo -d "$nic" >/tmp/devinfo || die "ibv_devinfo fails"
	cat /tmp/devinfo
	for line in 'state:\s+PORT_ACTIVE' 'link_layer:\s+InfiniBand' 'vendor_id:\s+0x02c9'; do
		grep -qE "^\s+$line" /tmp/devinfo || die "no line $line"
	done
	ibv_devinfo -v -d "$nic" >/tmp/devinfo || die "ibv_devinfo -v fails"
}

# -c compares the data; -e waits for events instead of polling.
pingpong() {
	both_ends 18515 ibv_rc_pingpong -d "$nic" -n 40 -s 4096 -c
	both_ends 18515 ibv_rc_pingpong -d "$nic" -n 40 -s 65536 -e -c
	grep -q '^40 iters in' <<<"$said" || die "no time for 40 iterations"
}

# Each prints one line of results, which starts with the size and the iterations. An atomic
# operation has a fixed size, and a datagram no more than the MTU.
perftest() {
	local size sizes=(64 65536)
	case "$program $*" in
	ib_atomic*) sizes=(8) ;;
	*UD) sizes=(64 4096) ;;
	esac
	for size in "${sizes[@]}"; do
		set -- "${options[@]}"
		[ "$size" = 8 ] || set -- "$@" -s "$size"
		both_ends 18515 "$program" -d "$nic" -n 40 -F "$@"
		grep -qE "^ $size +40 " <<<"$said" || die "no result for $size bytes"
	done
}

program=$1 options=("${@:2}")
for nic in /sys/class/infiniband/*; do
	nic=${nic##*/}
	[ "$nic" != '*' ] || die "no NIC here"
	case $program in
	devinfo | pingpong) "$program" ;;
	*) perftest "${options[@]}" ;;
	esac
done
