#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Compares devices/cx/layout.h with the headers of a kernel tree: every field,
# member and constant. Exits non-zero with the names of those that differ.
set -eu

if [ $# -ne 1 ]; then
	echo "usage: $0 KERNEL_TREE" >&2
	exit 2
fi
tree=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
headers=$tree/include/linux/mlx5
for file in mlx5_ifc.h mlx5_ifc_fpga.h device.h qp.h cq.h doorbell.h driver.h; do
	if [ ! -r "$headers/$file" ]; then
		echo "$0: $headers/$file does not exist; is $tree an unpacked kernel source?" >&2
		exit 2
	fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$work/linux/mlx5" "$work/rdma"
cp "$headers"/mlx5_ifc.h "$headers"/mlx5_ifc_fpga.h "$headers"/device.h "$headers"/qp.h \
	"$headers"/cq.h "$headers"/doorbell.h "$work/linux/mlx5/"
# of driver.h only some lists: the rest needs many more headers; one constant is in a source file
lists='MLX5_REG_PTYS|MLX5_PAGE_FAULT_RESUME_RDMA|MLX5_ATOMIC_OPS_'
{
	echo '#pragma once'
	echo '#include <linux/mlx5/device.h>'
	awk -v lists="$lists" '
	     /^enum .*\{$/ { block = ""; inside = 1 }
	     inside { block = block $0 "\n" }
	     /^\};/ {
		if (inside && block ~ lists)
			printf "%s", block
		inside = 0
	     }' \
		"$headers/driver.h"
	grep '^#define MLX5_EQ_DOORBELL_OFFSET' "$tree/drivers/net/ethernet/mellanox/mlx5/core/eq.c"
} >"$work/linux/mlx5/driver.h"
for name in linux/types.h linux/bitfield.h linux/refcount.h rdma/ib_verbs.h; do
	echo '#include "shim.h"' >"$work/$name"
done

${CC:-cc} -std=gnu11 -w -O0 -I"$work" -I"$here" -I"$root" -o "$work/check" "$here/check.c"
"$work/check"
