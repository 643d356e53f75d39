# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A module for the guest.
. "$(dirname "${BASH_SOURCE[0]}")/series.sh"

# module_build SOURCE-DIR OUT-DIR: with the lab's configuration, which has no modules. So there is
# no list of what the kernel exports: insmod finds that a symbol is missing.
module_build() {
	local tree build lock
	tree=$(lab/tphlab kernel-tree)
	build=${tree%/*}/module-7.3
	exec {lock}>"$build.lock"
	flock "$lock"
	cat kernel/lab.config kernel/series.config | configured "$tree" "$build"
	make -s -C "$build" -j"$(nproc)" LOCALVERSION= modules_prepare
	make -s -C "$build" M="$PWD/$1" MO="$(realpath -m "$2")" LOCALVERSION= \
		KBUILD_MODPOST_WARN=1 modules
	exec {lock}>&-
}
