#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The second compiler, on the objects of the series, has nothing to say of the lines that it adds.
. "$(dirname "$0")/../lib/kernel.sh"

need "$kernel_clang" "$kernel_clang"
kernel_touched
kernel_configured "$kernel_build-clang" CC="$kernel_clang"
mapfile -t objects <"$work/objects"
kernel_make "$kernel_build-clang" CC="$kernel_clang" W=1 "${objects[@]}"
no_findings_of_ours "$work/warnings"
