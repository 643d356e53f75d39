#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How doctor asks the RDMA device, by a libibverbs that fails with a given errno.
. "$(dirname "$0")/../lib/tphctl.sh"

[ "$(id -u)" = 0 ] || skip "not root"
unshare -m true || skip "no mount namespaces here"
if grep -q __asan_init "$tphctl"; then
	skip "the address sanitizer reads the real /proc"
fi
root=$work/root
tests/dumps/sysfs.py "$build/tests/dumps/switch-plain.dump" "$root" <<'EOF'
05:00.0 driver=mlx5_core infiniband=mlx5_1
03:00.0 driver=vfio-pci vfio-dev=vfio0
proc/version Linux version 7.3.4 (x)
EOF

# answers ERRNO ANSWER PATTERN
answers() {
	local step='.pairs[0].steps[] | select(.step == "dma-buf-import")'
	# shellcheck disable=SC2016
	local run='mount --bind "$1/sys" /sys; mount --bind "$1/proc" /proc
		"$2" doctor mlx5_1 vfio0 --json'
	LD_LIBRARY_PATH=$build/tests/tphctl:$build/libtph FAKE_VERBS_ERRNO=$1 unshare -m sh -ec \
		"$run" - "$root" "$tphctl" >"$work/json" || true
	jq -e "$step | .answer == \"$2\" and (.why | test(\"$3\"))" "$work/json" ||
		fail "$1: $(cat "$work/json")"
}

answers 9 ok 'mlx5_1: it registers dma-bufs'
answers 95 no 'EOPNOTSUPP'
answers 93 no 'EPROTONOSUPPORT'
answers 1 unknown 'run as root'
answers 34 unknown 'asking failed with another error'
