# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that know nothing of the lab: Debian's own for RDMA, by our NIC, and lspci.

# userspace_guest PROGRAM OPTION…: by tests/checks/userspace-guest, options of the lab
userspace_guest() {
	local program=$1
	shift
	in_guest --share tests/checks "$@" -- /mnt/share/userspace-guest "$program"
}

# One function of `lspci -Dvvv`, without what another boot or QEMU may give it: its address, its IOMMU
# group, interrupt and latency timer, and where its regions are.
userspace_function() {
	awk -v address="$1" '/^[^ \t]/ { on = $1 == address } on && NF' "$out/lspci.txt" | sed -E \
		-e 's/^[0-9a-f:.]+ //' \
		-e '/^\t(IOMMU group|Interrupt|Latency):?/d' \
		-e 's/(Memory at) [0-9a-f]+/\1 …/'
}

# A port is QEMU's own: what of it hints depend on, its kind, its prefixes and its ACS.
userspace_port() {
	userspace_function "$1" | grep -E 'PCI bridge|Express \(v2\)|EETLPPrefix\+|TPHComp|ACSCap|ACSCtl'
}

# userspace_same NAME: stdin is as in tests/golden; TPH_GOLDEN=update writes it anew.
userspace_same() {
	local golden=tests/golden/lspci-$1.txt
	if [ "${TPH_GOLDEN:-}" = update ]; then
		cat >"$golden"
	else
		diff -u "$golden" -
	fi
}

# userspace_lspci COMPLETER OPTION…: the accelerator, the NICs 8, 16 and off, both kinds of the switch's ports
userspace_lspci() {
	local accel=$1 nic=4 name status=0
	shift
	in_guest --accel-tph "$accel" --nics 8,16,off "$@" -- lspci -Dvvv >"$out/lspci.txt" || return 1
	userspace_function 0000:03:00.0 | userspace_same "accel-$accel" || status=1
	for name in 8 16 off; do
		userspace_function 0000:0$nic:00.0 | userspace_same "nic-$name" || status=1
		nic=$((nic + 1))
	done
	userspace_port 0000:01:00.0 | userspace_same port-upstream || status=1
	userspace_port 0000:02:00.0 | userspace_same port-downstream || status=1
	return $status
}

userspace_checks() {
	local program
	for program in devinfo pingpong ib_write_bw ib_send_bw ib_read_bw; do
		check "userspace-$program" userspace_guest "$program"
	done
	check userspace-translated userspace_guest ib_read_bw --iommu translated
	check userspace-lspci-16 userspace_lspci 16
	check userspace-lspci-8 userspace_lspci 8
}
