#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Suites and libraries that nobody here wrote, from Debian's packages, in the lab's guest
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

# two_ends PROGRAM OPTION…: server and client, each must succeed.
two_ends() {
	local server said status=0
	timeout 120 "$@" >/tmp/server 2>&1 &
	server=$!
	sleep 3
	said=$(timeout 120 "$@" 127.0.0.1 2>&1) || status=$?
	printf '%s\n' "$said"
	[ $status = 0 ] || die "$*: the client ends with $status, the server says: $(</tmp/server)"
	wait "$server" || die "$*: the server ends with $?: $(</tmp/server)"
}

# Debian's is built with MPI, which each run starts, too: with as little of it as can be.
ucx() {
	local transport
	export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self
	ucx_info -d | grep -E 'Transport: (rc|ud)_' || die "ucx_info finds no transport"
	for transport in rc_verbs rc_mlx5; do
		set -- ucx_perftest -P 0 -d "$nic:1" -x $transport -n 100 -w 10
		two_ends "$@" -t put_bw
		two_ends "$@" -t get -D zcopy -s 4096
	done
}

# More than this needs rdma_cm, which needs IP: even fi_pingpong with datagrams opens its events.
libfabric() {
	fi_info -p verbs -t FI_EP_DGRAM | grep "domain: $nic-dgram" ||
		die "fi_info finds no datagrams of the verbs provider"
}

case $1 in
pyverbs) "$here/rdma_core_tests.py" "$nic" 'tests.test_cq*' 'tests.test_qp*' 'tests.test_mr.*' \
	'tests.test_srq*' 'tests.test_atomic*' 'tests.test_pd*' 'tests.test_addr*' ;;
pyverbs-all) "$here/rdma_core_tests.py" "$nic" '*' ;;
ucx | libfabric) "$1" ;;
*) die "no such suite: $1" ;;
esac
