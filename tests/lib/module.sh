# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A module for the guest.

# module_build SOURCE-DIR OUT-DIR: against the lab's own kernel build. That has no modules, so what
# theirs would have made is made here.
module_build() {
	local build
	build=$(dirname "$(lab/tphlab kernel-tree)")/build-7.3
	cp "$build/vmlinux.symvers" "$build/Module.symvers"
	make -s -C "$build" LOCALVERSION= modules_prepare
	make -s -C "$build" M="$PWD/$1" MO="$(realpath -m "$2")" LOCALVERSION= modules
}
