#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the series touches builds by gcc without a warning, with W=1 where it is the series' own.
. "$(dirname "$0")/../lib/kernel.sh"

kernel_touched
cp "$work/warnings" "$work/touched"
mapfile -t objects <"$work/objects"
kernel_make "$kernel_build" W=1 "${objects[@]}"
cat "$work/touched" "$work/warnings" >"$work/all"
empty "$work/all"
