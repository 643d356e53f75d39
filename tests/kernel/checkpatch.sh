#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpatch --strict has nothing to say. The patches carry no Signed-off-by on purpose, and
# MAINTAINERS has their new files' folders already. The tree has no history, so it knows no commit
# that is fixed. Debian's own python3 has the modules that checkpatch wants.
. "$(dirname "$0")/../lib/kernel.sh"

kernel_tree
PATH=/usr/bin:/bin "$tree"/scripts/checkpatch.pl --root="$tree" --strict --no-signoff \
	--no-summary --terse --ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID \
	"$top/kernel/$version"/*/0*.patch
