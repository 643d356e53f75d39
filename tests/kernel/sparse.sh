#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sparse has nothing to say of the lines that the series adds. C=2: also of objects that are up to
# date. Linux writes __typeof_unqual__ for sparse, which Debian's does not know, and that one takes
# each MODULE_LICENSE and the like for a bad constant expression. What it cannot read it does not
# check, so any other error counts, wherever it is.
. "$(dirname "$0")/../lib/kernel.sh"

need sparse sparse
kernel_touched
mapfile -t objects <"$work/objects"
kernel_make "$kernel_build" W=1 C=2 CF=-D__typeof_unqual__=__typeof__ "${objects[@]}"
grep -v 'error: bad constant expression' "$work/warnings" >"$work/sparse" || [ $? = 1 ]
absent 'error: |not up to date' "$work/sparse"
no_findings_of_ours "$work/sparse"
