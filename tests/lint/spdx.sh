#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each file of ours names its licence in its first three lines. What is not our text is listed.
. "$(dirname "$0")/../lib/lint.sh"

without='^(LICENSE|LICENSES/|\.gitignore$|kernel/.*\.patch$'
without+='|kernel/.*cover.*\.txt$'
without+='|debian/(changelog|copyright|source/format)$|tests/golden/.*\.(out|txt)$'
without+='|tests/dumps/.*\.dump$|tests/fuzz/corpus/)'

tracked | grep -vE "$without" | xargs awk '
	FNR == 1 { found = 0 }
	/SPDX-License-Identifier/ { found = 1 }
	FNR == 3 || found { seen[FILENAME] = found; nextfile }
	END { for (i = 1; i < ARGC; i++) if (!seen[ARGV[i]]) print "no SPDX line: " ARGV[i] }
' >"$work/missing"
empty "$work/missing"
