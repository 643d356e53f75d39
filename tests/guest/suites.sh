#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Suites and libraries of other projects, from Debian's packages, in the lab's guest
# (tphlab --packages programs), on its first NIC.
# usage: suites.sh pyverbs|pyverbs-all|ucx|libfabric
set -uo pipefail

die() {
	printf '%s\n' "$*"
	exit 1
}

here=$(dirname "$0")
nic=$(cd /sys/class/infiniband && printf '%s\n' * | head -n 1)
[ "$nic" != '*' ] || die "no NIC here"

# A client does not wait for the server. Nothing else in the guest listens: 0A is that state.
listening() {
	local n
	for ((n = 0; n < 600; n++)); do
		cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
			awk '$4 == "0A" { found = 1 } END { exit !found }' && return
		sleep 0.1
	done
	return 1
}

# two_ends PROGRAM OPTION…: server and client, each must succeed.
two_ends() {
	local server said status=0
	timeout 120 "$@" >/tmp/server 2>&1 &
	server=$!
	listening || die "$* does not listen: $(</tmp/server)"
	said=$(timeout 120 "$@" 127.0.0.1 2>&1) || status=$?
	printf '%s\n' "$said"
	[ $status = 0 ] || die "$*: the client ends with $status, the server says: $(</tmp/server)"
	wait "$server" || die "$*: the server ends with $?: $(</tmp/server)"
}

# Debian's UCX is built with MPI, which each run starts: with as few parts of MPI as possible.
ucx() {
	local transport
	export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self
	ucx_info -d | grep -E 'Transport: (rc|ud)_' || die "ucx_info finds no transport"
	for transport in rc_verbs rc_mlx5; do
		set -- ucx_perftest -P 0 -d "$nic:1" -x $transport -n 100 -w 10
		two_ends "$@" -t put_bw
		two_ends "$@" -t get -D zcopy -s 4096
		# rc_mlx5 shifts the address of an atomic operation; only DEVX keys need the shift
		[ $transport = rc_mlx5 ] || two_ends "$@" -t fadd
	done
	for transport in ud_verbs ud_mlx5; do
		two_ends ucx_perftest -P 0 -d "$nic:1" -x $transport -n 100 -w 10 -t am_lat
	done
}

# More than this needs rdma_cm, which needs IP: even plain datagrams open its event channel.
libfabric() {
	fi_info -p verbs -t FI_EP_DGRAM | grep "domain: $nic-dgram" ||
		die "fi_info finds no datagrams of the verbs provider"
	two_ends fi_pingpong -p 'verbs;ofi_rxd' -e rdm -d "$nic-dgram"
}

case $1 in
pyverbs) "$here/rdma_core_tests.py" "$nic" 'tests.test_cq*' 'tests.test_qp*' 'tests.test_mr.*' \
	'tests.test_srq*' 'tests.test_atomic*' 'tests.test_pd*' 'tests.test_addr*' ;;
pyverbs-all) "$here/rdma_core_tests.py" "$nic" '*' ;;
ucx | libfabric) "$1" ;;
*) die "no such suite: $1" ;;
esac
