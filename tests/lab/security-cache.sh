#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: QEMU and kernels in the cache are run. A cache that another user may write
# to, or that has a name which the kernel's build cannot have, must be refused with one line
# before anything is done.
. "$(dirname "$0")/../lib/check.sh"
scratch_make

says '^tphlab: the cache .* has a blank or a colon in its name' 125 \
	env TPH_CACHE="$scratch/a b" lab/tphlab kernel-tree
says '^tphlab: the cache .* has a blank or a colon in its name' 125 \
	env TPH_CACHE="$scratch/a:b" lab/tphlab kernel-tree
[ -z "$(ls "$scratch")" ]

mkdir -m 0775 "$scratch/group"
says '^tphlab: the cache .* can be written by others.*chmod go-w' 125 \
	env TPH_CACHE="$scratch/group" lab/tphlab kernel-tree

mkdir -m 0755 "$scratch/other"
[ "$(id -u)" = 0 ] || skip "only root can make a folder of another user"
chown 65534 "$scratch/other"
says '^tphlab: the cache .* is of user ' 125 env TPH_CACHE="$scratch/other" lab/tphlab kernel-tree
