#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: the memory of a VF cannot be disabled, and vfio-pci keeps a virtual bit
# instead, so memory off and on is not what protects its dma-bufs. A module makes the accelerator
# such a function; what is required, and how its owner changes tags, must hold as before.
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/module.sh"

in_the_guest='
	accel=$(lspci -D -d 7048:acc0 | cut -d" " -f1)
	insmod /mnt/share/no_command_memory.ko function="$accel"
	required
	vfio_tph_errors'

share_make
module_build tests/guest/kernel "$work/module"
cp "$work/module/no_command_memory.ko" "$share"
in_guest --share "$share" --nics off,8,16 -- bash -ec "$in_the_guest"
