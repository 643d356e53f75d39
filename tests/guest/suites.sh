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

nic=$(cd /sys/class/infiniband && printf '%s\n' * | head -n 1)
[ "$nic" != '*' ] || die "no NIC here"

# rdma-core's own tests, which its package ships among its documents and so in part compressed: those
# whose names match. None may fail or hang.
pyverbs() {
	local limit=$1 pattern patterns=()
	shift
	for pattern; do
		patterns+=(-k "$pattern")
	done
	cp -r /usr/share/doc/rdma-core/tests /tmp || die "python3-pyverbs has no tests here"
	cd /tmp || exit
	python3 -B - <<-'PYTHON' || die "they cannot be unpacked"
		import glob, gzip
		for name in glob.glob('tests/*.gz'):
		    with gzip.open(name) as packed, open(name[:-3], 'wb') as unpacked:
		        unpacked.write(packed.read())
	PYTHON
	timeout --kill-after=5 "$limit" python3 -B tests/run_tests.py --dev "$nic" -v \
		"${patterns[@]}" || die "they fail, or take more than $limit seconds"
}

# two_ends PROGRAM OPTION…: server and client, each must succeed.
two_ends() {
	local server said status=0
	timeout 60 "$@" >/tmp/server 2>&1 &
	server=$!
	sleep 3
	said=$(timeout 60 "$@" 127.0.0.1 2>&1) || status=$?
	printf '%s\n' "$said"
	[ $status = 0 ] || die "$*: the client ends with $status, the server says: $(</tmp/server)"
	wait "$server" || die "$*: the server ends with $?: $(</tmp/server)"
}

ucx() {
	local transport test
	ucx_info -d | grep -E 'Transport: (rc|ud)_' || die "ucx_info finds no transport"
	for transport in rc_verbs rc_mlx5 ud_verbs ud_mlx5; do
		for test in am_lat am_bw put_bw get add_lat; do
			case $transport-$test in
			ud_*-add_lat | ud_*-get) continue ;;
			esac
			two_ends ucx_perftest -d "$nic:1" -x $transport -t $test \
				-n 100 -w 10 -s 2000
		done
	done
}

libfabric() {
	fi_info -p verbs || die "fi_info finds no verbs provider"
}

case $1 in
pyverbs) pyverbs 240 'tests.test_cq*' 'tests.test_qp*' 'tests.test_mr*' 'tests.test_srq*' \
	'tests.test_atomic*' 'tests.test_pd*' 'tests.test_addr*' ;;
pyverbs-all) pyverbs 5000 'tests.*' ;;
ucx | libfabric) "$1" ;;
*) die "no such suite: $1" ;;
esac
