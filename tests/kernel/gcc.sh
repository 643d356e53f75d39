#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the series touches builds by gcc without a warning; with W=1 there is none on a line that the
# series adds.
. "$(dirname "$0")/../lib/kernel.sh"

kernel_touched
empty "$work/warnings"
mapfile -t objects <"$work/objects"
kernel_make "$kernel_build" W=1 "${objects[@]}"
no_findings_of_ours "$work/warnings"
