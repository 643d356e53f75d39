#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tphctl doctor on machines that are made of a dump and a list of their drivers, IOMMU groups and
# kernel: each answer that it can give, and what it says to fix first.
. "$(dirname "$0")/../lib/tphctl.sh"

# The list of a machine without a problem; a machine adds lines, the last one for a file counts.
kernel='proc/version Linux version 7.3.4 (x)
proc/cmdline quiet
proc/cpuinfo vendor_id\t: AuthenticAMD\ncpu family\t: 25\nflags\t\t: fpu\n
boot/config-7.3.4 CONFIG_PCI_P2PDMA=y\nCONFIG_VFIO_PCI_DMABUF=y'
kernel+='\nCONFIG_INFINIBAND_ON_DEMAND_PAGING=y'
symbols='proc/kallsyms 0 T pcie_enable_tph\n0 T pcie_enable_tph_peer\n0 T dma_buf_get_tph'
symbols+='\n0 T pci_p2pdma_map_type'
nic='05:00.0 driver=mlx5_core infiniband=mlx5_1 net=ib1 group=7:DMA-FQ'
accelerator='03:00.0 driver=vfio-pci vfio-dev=vfio0 drm=renderD128 group=8:DMA-FQ'

# machine DUMP LINE…: makes it in $root
machine() {
	local dump=$1
	shift
	root=$work/root
	rm -rf "$root"
	printf '%s\n' "$@" | tests/dumps/sysfs.py "$build/tests/dumps/$dump.dump" "$root"
}

# doctor STATUS ARGUMENT…: JSON of it in $work/json
doctor() {
	local expected=$1 status=0
	shift
	"$tphctl" doctor "$@" --root "$root" --json >"$work/json" 2>"$work/stderr" || status=$?
	[ $status = "$expected" ] || {
		cat "$work/json" "$work/stderr"
		fail "status $status, not $expected: doctor $*"
	}
}

# says FILTER: of the first pair
says() {
	jq -e ".pairs[0] | $1" "$work/json" >"$work/said" || {
		cat "$work/json"
		fail "not so: $1"
	}
}

step() {
	says ".steps[] | select(.step == \"$1\") | .answer == \"$2\" and (.why | test(\"${3:-}\"))"
}

first() {
	says ".to_fix[0] // \"\" | test(\"$1\")"
}

machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator"
# Devices by each of their names.
for names in 'mlx5_1 vfio0' 'ib1 renderD128' '05:00.0 /dev/vfio/devices/vfio0' \
	'0000:05:00.0 /dev/dri/renderD128'; do
	# shellcheck disable=SC2086
	doctor 0 $names
	says '.nic.function == "0000:05:00.0" and .accelerator.function == "0000:03:00.0"'
	says '.peer_to_peer == "ok" and .hints == "ok" and (.to_fix | length == 0)'
done
step nic-driver ok 'mlx5_core, which enables TPH'
step accelerator-driver ok 'vfio-pci, which exports dma-bufs with hints'
step kernel ok '7.3.4: P2PDMA yes; options by /boot/config-7.3.4: on-demand paging yes'
step iommu ok 'group 7, DMA-FQ.*group 8'
step route ok 'direct, it turns at 0000:01:00.0'
step wide-tags ok 'End-End prefixes'
step virtual-machine ok 'this is not one'
machine switch-flit-below "$kernel" "$symbols" "$nic" "$accelerator"
doctor 0 05:00.0 vfio0
step wide-tags ok ': flit mode$'
machine switch-flit "$kernel" "$symbols" "$nic" "$accelerator"
doctor 0 05:00.0 vfio0
step wide-tags ok 'End-End prefixes, or flit mode'
machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator"
# In the other order doctor swaps them, and says so.
doctor 0 vfio0 mlx5_1
grep -q 'mlx5_1 is the NIC, vfio0 the accelerator: swapped' "$work/stderr"
says '.nic.function == "0000:05:00.0"'
# Every pair of NICs and accelerators; the best counts.
doctor 0
jq -e '[.pairs[] | .nic.function] == ["0000:04:00.0", "0000:05:00.0"]' "$work/json"
doctor 0 vfio0
jq -e '.pairs | length == 2' "$work/json"

# Names are any bytes: JSON has a question mark for each that is no UTF-8, and for each control.
mkdir "$(realpath "$root/sys/bus/pci/devices/0000:05:00.0")/net/"$'e\377\033[31m'
doctor 0 mlx5_1 vfio0
says '.nic.names == ["mlx5_1", "e??[31m", "ib1"]'
LC_ALL=C absent '[^ -~]' "$work/json"

# A NIC without a driver, or with a userspace driver.
machine switch-plain "$kernel" "$symbols" "$accelerator"
doctor 4 05:00.0 vfio0
step nic-driver no 'no driver is bound'
first 'modprobe mlx5_core'
machine switch-plain "$kernel" "$symbols" "$accelerator" '05:00.0 driver=vfio-pci vfio-dev=vfio1'
doctor 4 vfio1 vfio0
first 'bind the NIC to its own driver'

# A driver that never enables TPH, and an unknown one; peer-to-peer works without hints.
machine driver-never "$kernel" "$symbols" "$accelerator" "${nic/mlx5_core/ice}"
doctor 3 mlx5_1 vfio0
step nic-driver no 'ice, which never enables TPH'
first 'has the driver ice, which never enables TPH'
"$tphctl" doctor mlx5_1 vfio0 --root "$root" --plain >"$work/plain"
machine driver-never "$kernel" "$symbols" "$accelerator" "${nic/mlx5_core/other}"
doctor 3 mlx5_1 vfio0
step nic-driver unknown 'other: whether it enables TPH is not known'

# A driver that pins dma-bufs: VFIO refuses it.
machine switch-plain "$kernel" "$symbols" "$accelerator" "${nic/mlx5_core/bnxt_en}"
doctor 4 mlx5_1 vfio0
first 'mlx5_core or irdma with vfio-pci'

# The driver of the accelerator.
machine switch-plain "$kernel" "$symbols" "$nic" '03:00.0 driver=amdgpu drm=renderD128'
doctor 3 mlx5_1 renderD128
step accelerator-hints no 'amdgpu sets no hints'
machine switch-plain "$kernel" "$symbols" "$nic" '03:00.0 driver=nvidia drm=renderD128' \
	'proc/driver/nvidia/version NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1'
doctor 4 mlx5_1 renderD128
first 'open kernel modules'
machine switch-plain "$kernel" "$symbols" "$nic" '03:00.0 driver=nvidia drm=renderD128' \
	'proc/driver/nvidia/version NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.1'
doctor 3 mlx5_1 renderD128
machine switch-plain "$kernel" "$symbols" "$nic" '03:00.0 drm=renderD128'
doctor 4 mlx5_1 renderD128
first 'bind the accelerator to vfio-pci'

# The kernel.
machine switch-plain "$kernel" "$nic" "$accelerator" \
	'proc/kallsyms 0 T pcie_enable_tph\n0 T pci_p2pdma_map_type'
doctor 3 mlx5_1 vfio0
step kernel-hints no 'hints on dma-bufs no'
first 'does not support hints on dma-bufs'
machine switch-plain "$kernel" "$nic" "$accelerator" 'proc/kallsyms 0 T dma_buf_get_tph'
doctor 4 mlx5_1 vfio0
first 'CONFIG_PCI_P2PDMA'
machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator" \
	'boot/config-7.3.4 CONFIG_PCI_P2PDMA=y\n# CONFIG_INFINIBAND_ON_DEMAND_PAGING is not set'
doctor 4 mlx5_1 vfio0
step kernel no 'dma-bufs of VFIO no'
step import-form no 'needs on-demand paging'
# A configuration that is empty or cut decides nothing; the next file may.
machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator" 'boot/config-7.3.4 '
doctor 0 mlx5_1 vfio0
step kernel ok 'options could not be read: on-demand paging not known, dma-bufs of VFIO not known'
machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator"
{
	printf 'CONFIG_PCI_P2PDMA=y\n'
	printf '# CONFIG_%d is not set\n' {1..9999}
} | gzip >"$work/config.gz"
head -c 4096 "$work/config.gz" >"$root/proc/config.gz"
doctor 0 mlx5_1 vfio0
step kernel ok 'options by /boot/config-7.3.4: on-demand paging yes'
machine switch-plain "$nic" "$accelerator" 'proc/version x'
doctor 5 mlx5_1 vfio0
step kernel unknown 'options could not be read'
machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator" \
	'proc/cmdline pci=notph' 'proc/cpuinfo flags\t\t: fpu hypervisor\n'
doctor 3 mlx5_1 vfio0
step kernel-hints no 'turned off by pci=notph'
step virtual-machine unknown 'this is one; the bridges are the hypervisor'

# One IOMMU group for both, and none.
machine switch-plain "$kernel" "$symbols" "$nic" "${accelerator/group=8/group=7}"
doctor 4 mlx5_1 vfio0
first 'in one IOMMU group'
machine switch-plain "$kernel" "$symbols" "${nic/ group=*/}" "${accelerator/ group=*/}"
doctor 0 mlx5_1 vfio0
step iommu ok 'none for these two'

# ACS, and what the command line says of it: in effect, not in effect, of another port.
cmdline='proc/cmdline pci=config_acs="1x111x1@0000:02:02.0;xx000x0@pci:1b36:000c" quiet'
machine switch-direct-translated "$kernel" "$symbols" "$nic" "$accelerator" "$cmdline"
doctor 3 mlx5_1 vfio0
step acs no 'config_acs=1x111x1@0000:02:02.0 is in effect'
step acs no '0000:02:00.0 SV RR CR UF .pci=config_acs=xx000x0@pci:1b36:000c is not in effect'
step acs no 'writes of the NIC go up to the host.*translated addresses .ATS. directly'
first 'rdma_topo check'
says '.translated_direct and .requests == "host" and .route == "host"'
cmdline='proc/cmdline quiet pci="nomsi,config_acs=1x111x1@0000:02:02.0"'
for quoted in "$cmdline" "${cmdline/nomsi,/}"; do
	machine switch-direct-translated "$kernel" "$symbols" "$nic" "$accelerator" "$quoted"
	doctor 3 mlx5_1 vfio0
	step acs no 'config_acs=1x111x1@0000:02:02.0 is in effect'
done
machine switch-acs "$kernel" "$symbols" "$nic" "$accelerator" \
	'proc/cmdline pci=nomsi,disable_acs_redir=0000:02:02.0;0000:02:00.0'
doctor 3 mlx5_1 vfio0
step acs no 'disable_acs_redir=0000:02:02.0 is not in effect'
first 'boot with pci=disable_acs_redir='
# The same port by its path from the Root Port, behind a path whose last number is another port's.
machine switch-acs "$kernel" "$symbols" "$nic" "$accelerator" \
	'proc/cmdline pci=disable_acs_redir=00:05.0/00.0/03.0;0000:00:05.0/00.0/02.0'
doctor 3 mlx5_1 vfio0
step acs no '0000:02:02.0 .*disable_acs_redir=0000:00:05.0/00.0/02.0 is not in effect'
machine switch-asymmetric "$kernel" "$symbols" "$nic" "$accelerator"
doctor 3 mlx5_1 vfio0
step acs no 'writes of the NIC go directly, and completions of its reads directly'

# Source Validation and its like: a Root Port that lacks it makes one IOMMU group of all below.
machine switch-acs "$kernel" "$symbols" "$nic" "$accelerator"
doctor 3 mlx5_1 vfio0
step acs no '^0000:02:02.0 SV RR CR UF; 0000:02:00.0 SV RR CR UF; Root Port 0000:00:05.0 SV RR CR'
step acs no 'ATS of the NIC: none$'
step acs-groups ok '^by ACS one for each$'
machine switch-plain "$kernel" "$symbols" "$nic" "$accelerator"
doctor 0 mlx5_1 vfio0
step acs-groups no 'since Root Port 0000:00:05.0 lacks SV RR CR UF; but there are two: it was'
machine data-direct "$kernel"
doctor 4 05:00.0 03:00.0
step acs-groups no '^by ACS one for both, since Root Port 0000:00:05.0 lacks SV$'

# NUMA nodes, where sysfs has them.
machine epyc "$kernel" "$symbols" '41:00.0 driver=mlx5_core infiniband=mlx5_1 numa=0' \
	'01:00.0 driver=vfio-pci vfio-dev=vfio0 numa=1'
doctor 3 mlx5_1 vfio0
step numa no 'NIC: 0; accelerator: 1'
says '.nic.numa_node == 0 and .nic.vpd == null and .nic.ats == "none"'

# The halves of a ConnectX by V3 of their VPD: each names the other, with its route; what is absent.
half='driver=mlx5_ib group=9:DMA vpd=ConnectX-8'
whole='06:00.0 driver=mlx5_core infiniband=mlx5_1 group=7:DMA vpd=ConnectX-8,SN:MT2501X'
gpu='03:00.0 driver=nvidia drm=renderD128 group=9:DMA'
open='proc/driver/nvidia/version NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.1'
machine data-direct "$kernel" "$symbols" "05:00.0 $half,V3:01-23,VU:DD" "$whole,V3:01-23" "$gpu" \
	"$open"
doctor 3 mlx5_1 renderD128
step data-direct ok '^0000:05:00.0 .V3 of VPD.; .* its route is host: tphctl doctor 0000:05:00.0'
says '.other_half == "0000:05:00.0" and .nic.vpd.serial == "MT2501X" and .nic.vpd.v3 == "01-23"'
step nvidia-acs ok '^DMA Direct: 0000:00:06.0 0011101 fits xx111x1$'
doctor 3 05:00.0 renderD128
step data-direct ok 'the NIC is one, of the ConnectX at 0000:06:00.0'
step nic-driver no 'mlx5_ib, which never enables TPH'
step dma-buf-import unknown '^mlx5_1 can be asked'
step nvidia-acs ok '0000:02:02.0 0011001 fits xx110x1; 0000:00:05.0 0011100 fits xx111x0'
step nvidia-acs ok '0000:02:00.0 0010101 fits xx101x1; one IOMMU group for both, as it is$'
says '.to_fix | any(test("rdma_topo check"))'
"$tphctl" doctor mlx5_1 renderD128 --root "$root" >"$work/text" || [ $? = 3 ]
grep -q '^NIC .*, board MT2501X: ConnectX-8$' "$work/text"
# Each half is a NIC of a pair.
doctor 3
jq -e '[.pairs[] | .nic.function] == ["0000:05:00.0", "0000:06:00.0"]' "$work/json"
# vfio-pci refuses an importer that pins.
machine data-direct "$kernel" "$symbols" "05:00.0 $half,V3:01-23" "$whole,V3:01-23" "$accelerator"
doctor 4 05:00.0 vfio0
step import-form no 'mlx5_ib pins dma-bufs permanently'
machine data-direct "$kernel" "$symbols" "05:00.0 $half,V3:01-23" "$whole,V3:99" "$gpu" "$open"
doctor 3 mlx5_1 renderD128
step data-direct no "none has the NIC's V3"
says '.other_half == null'
doctor 5 05:00.0 renderD128
step data-direct no 'no ConnectX function has its V3'
step dma-buf-import unknown 'which is not known'
machine data-direct "$kernel" "$symbols" "05:00.0 $half,V3:01-23" "$whole" "$gpu" "$open"
doctor 3 mlx5_1 renderD128
step data-direct unknown '^perhaps 0000:05:00.0: .* says it, which has no V3 here$'
machine data-direct "$kernel" "$symbols" "05:00.0 $half" "${whole% vpd=*}" "$gpu" "$open"
doctor 3 mlx5_1 renderD128
step data-direct unknown 'which the NIC does not have$'

# ACS as Linux sets it, where NVIDIA's rules differ: the advice is NVIDIA's setting.
machine data-direct-linux "$kernel" "$symbols" "05:00.0 $half,V3:1" "$whole,V3:1" "$gpu" "$open"
doctor 3 05:00.0 renderD128
step nvidia-acs no '0000:02:02.0 0011101 should be xx110x1; 0000:00:05.0 0011101 should be xx111x0'
wanted='xx110x1@0000:02:02.0;xx111x0@0000:00:05.0;xx101x1@0000:02:00.0'
says ".to_fix | any(test(\"pci=config_acs=$wanted and what\"))"
says '[.to_fix[] | select(test("disable_acs_redir"))] == []'
says '[.steps[] | select(.what_to_do // "" | test("disable_acs_redir"))] == []'
machine inline "$kernel" "$symbols" '05:00.0 driver=mlx5_core infiniband=mlx5_1' "$gpu" "$open"
doctor 3 mlx5_1 renderD128
step nvidia-acs no 'no ATS: .*02:00.0 0000000 fits xx000x0; one IOMMU group for both, which is not'
machine inline-ats "$kernel" "$symbols" '05:00.0 driver=mlx5_core infiniband=mlx5_1 group=7:DMA' \
	"$gpu" "$open"
doctor 3 mlx5_1 renderD128
step nvidia-acs ok '02:02.0 1011101 fits 1x111x1; .*02:00.0 0011101 fits xx111x1; each an IOMMU'
step acs no 'ATS of the NIC: on$'
machine numa "$kernel" "$symbols" "$whole" "$gpu" "$open"
doctor 3 mlx5_1 renderD128
step nvidia-acs ok '0000:00:06.0 0010101 fits xx101x1; 0000:00:05.0 0010101 fits xx101x1; each an'
step nvidia-acs ok 'no ATS in the NIC, which has: none$'

# Two Root Ports, and a CPU that forwards between them or does not.
machine epyc "$kernel" "$symbols" '41:00.0 driver=mlx5_core infiniband=mlx5_1' \
	'01:00.0 driver=vfio-pci vfio-dev=vfio0'
doctor 3 mlx5_1 vfio0
step route ok 'through the host, since they have no common bridge'
step cpu-memory unknown 'Root Port 0000:40:01.1 completes 8-bit tags'
machine epyc "$kernel" "$symbols" '41:00.0 driver=mlx5_core infiniband=mlx5_1' \
	'01:00.0 driver=vfio-pci vfio-dev=vfio0' 'proc/cpuinfo vendor_id\t: GenuineIntel\n'
doctor 4 mlx5_1 vfio0
first 'put both below one switch'

# IDs that a dump lacks are not shown as 0000:0000.
sed '/^05:00.0/,/^$/{/^00:/d}' "$build/tests/dumps/switch.dump" >"$work/lost"
"$tphctl" doctor 05:00.0 03:00.0 --dump "$work/lost" --json >"$work/json" || [ $? = 5 ]
says '.nic.vendor == null and .nic.device == null and .accelerator.vendor == "0x7048"'
"$tphctl" doctor 05:00.0 03:00.0 --dump "$work/lost" >"$work/text" || [ $? = 5 ]
grep -qE '^NIC +0000:05:00.0 \?$' "$work/text"

# Wrong arguments, and devices that do not exist.
tphctl_says 'doctor: it takes no c; ' 2 doctor a b c
tphctl_says 'doctor: --root and --dump' 2 doctor --root / --dump x
tphctl_says 'doctor: cannot read the functions in /nonexistent/sys' 1 doctor --root /nonexistent
mkdir "$root/sys/bus/pci/devices/nonsense"
tphctl_says 'doctor: cannot read .*/devices/nonsense: not the address of a function; --root' 1 \
	doctor --root "$root"
tphctl_says 'doctor: 02:00.0 is a bridge; name the function below it' 1 \
	doctor --dump "$build/tests/dumps/switch.dump" 05:00.0 02:00.0
tphctl_says 'doctor: there is no accelerator' 1 \
	doctor --dump "$build/tests/dumps/corrupt.dump" 40:00.0

# A FIFO or an endless device in place of a file that doctor may read does not stop it.
machine switch-plain "$kernel" "$symbols" "$nic numa=0 vpd=NIC,SN:1" "$accelerator" \
	'proc/config.gz x' 'lib/modules/7.3.4/config x'
find "$root" -type f >"$work/files"
[ -s "$work/files" ]
while read -r file; do
	mv "$file" "$work/file"
	for place in "mkfifo" "ln -s /dev/zero"; do
		$place "$file"
		status=0
		timeout 10 "$tphctl" doctor mlx5_1 vfio0 --root "$root" >"$work/text" 2>&1 ||
			status=$?
		[ $status -le 5 ] || fail "status $status after $place in place of $file"
		rm "$file"
	done
	mv "$work/file" "$file"
done <"$work/files"
