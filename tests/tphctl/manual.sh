#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each manual page is formatted without a warning of groff's.
. "$(dirname "$0")/../lib/tphctl.sh"

need groff groff
need scdoc scdoc
pages=(man/*.scd)
[ ${#pages[@]} -ge 7 ]
for page in "${pages[@]}"; do
	scdoc <"$page" >"$work/page"
	groff -man -ww -z -Kutf8 -Tutf8 "$work/page" >"$work/said" 2>&1
	empty "$work/said"
done
