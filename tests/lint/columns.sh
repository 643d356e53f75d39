#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Lines of shell are at most 100 columns, a tab being 8 of them; clang-format sees to those of C.
. "$(dirname "$0")/../lib/lint.sh"

export LC_ALL=C.UTF-8
{ scripts "(ba)?sh"; tracked '*.sh'; } | sort -u |
	grep -vE '^(lab|bench)/' | while read -r file; do
	expand "$file" | { grep -nE '^.{101,}' || [ $? = 1 ]; } | sed "s|^|$file:|"
done >"$work/long"
empty "$work/long"
