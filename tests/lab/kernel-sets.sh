#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: the kernel's patches are sets, each in a folder of kernel/VERSION with a
# cover letter. kernel-tree must apply them in order and kernel-refresh must write back
# what was applied, also after a commit was changed by git rebase or one was added to the last set,
# and must refuse sets out of order. A tree of a few lines stands for the kernel's.
# shellcheck disable=SC2034,SC2154 # what lab/lib uses and sets
. "$(dirname "$0")/../lib/check.sh"
scratch_make
export HOME=$scratch GIT_CONFIG_NOSYSTEM=1
project=$top
top=$scratch cache=$scratch/cache kernel=9.9 guest_release=none steps_total=0
for part in say kernel; do
	# shellcheck source=/dev/null
	. "$project/lab/lib/$part.sh"
done
tree=$cache/linux-9.9 series=$top/kernel/9.9
kernel_dirs=(file)

in_tree() {
	"${kernel_git[@]}" -C "$tree" "$@"
}

# commit FILE SUBJECT: a commit that adds a line to FILE
commit() {
	echo "$2" >>"$tree/$1"
	in_tree add -f "$1"
	in_tree commit -q -m "$2"
}

mkdir -p "$tree" "$series"
in_tree init -q -b series
commit file base
in_tree tag base
echo "${kernel_dirs[*]}" >"$tree/.git/tph-dirs"
in_tree rev-parse HEAD >"$tree/.git/tph-tip"
# Three sets.
for set in fixes core more; do
	mkdir "$series/$set"
	printf '%s: cover\n\nWhat it is.\n' "$set" >"$series/$set/cover-letter.txt"
	commit "$set" "$set one"
	commit "$set" "$set two"
	in_tree branch "sets/$set"
done
kernel_refresh
for set in fixes core more; do
	(cd "$series/$set" && ls) >"$work/$set.files"
	printf '%s\n' 0000-cover-letter.patch "0001-$set-one.patch" "0002-$set-two.patch" \
		cover-letter.txt | diff - "$work/$set.files"
	grep -q "^Subject: \[PATCH 0/2\] $set: cover" "$series/$set/0000-cover-letter.patch"
done
absent '^prerequisite-patch-id' "$series/fixes/0000-cover-letter.patch"
[ "$(grep -c '^prerequisite-patch-id' "$series/core/0000-cover-letter.patch")" = 2 ]
grep -q "^base-commit: $(in_tree rev-parse base)" "$series/more/0000-cover-letter.patch"

# The patches give the tree, and the tree the same patches.
cp -r "$series" "$work/written"
in_tree checkout -q -B series base
in_tree rev-parse HEAD >"$tree/.git/tph-tip"
rm "$tree/.git/tph-series"
kernel_tree_ensure
kernel_refresh
diff -r "$work/written" "$series"

# The series touches another file from now on.
echo new >"$tree/new"
kernel_dirs+=(new)
kernel_tree_ensure
in_tree ls-tree --name-only base | grep -qx new
[ "$(in_tree log --format=%s base..series | wc -l)" = 6 ]

# A changed commit in the middle, and a new one at the end.
GIT_SEQUENCE_EDITOR="sed -i '0,/^pick .* core one/s/^pick \(.* core one\)/reword \1/'" \
	GIT_EDITOR="sed -i 's/core one/core first/'" in_tree rebase -q -i base
commit more "more three"
kernel_refresh
kernel_patches 9.9 | xargs -n 1 basename >"$work/patches"
diff - "$work/patches" <<'PATCHES'
0001-fixes-one.patch
0002-fixes-two.patch
0001-core-first.patch
0002-core-two.patch
0001-more-one.patch
0002-more-two.patch
0003-more-three.patch
PATCHES

# A set that does not end between its neighbours.
in_tree branch -f sets/core base
says '^tphlab: .*sets/core is not between sets/fixes and' 125 bash -c "
	. '$project/lab/lib/say.sh'; cache=$cache top=$top kernel=9.9 guest_release=none
	. '$project/lab/lib/kernel.sh'; kernel_refresh"
